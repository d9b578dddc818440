// PDB format 3.3 (wwPDB), and what programs make of it: chain names of two letters (columns 21-22) or residue
// names of four (18-21), hybrid-36 numbers beyond 9999, five-digit residue numbers that run into the
// insertion code, models that are separated by END alone, no chain names but segment names.
#include <cctype>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_set>

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"
#include "cryomer/io/coordinate_text.h"
#include "cryomer/structure/residue_names.h"

namespace cryomer {

namespace {

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Columns as the format counts them, from 1, both included; shorter lines count as padded with blanks.
std::string_view columns(std::string_view line, size_t first, size_t last) {
  if (line.size() < first) return {};
  return line.substr(first - 1, last - first + 1);
}

char column(std::string_view line, size_t at) {
  return line.size() < at ? ' ' : line[at - 1];
}

// Hybrid-36 (Grosse-Kunstleve): four characters whose first is a letter; A000 follows 9999, a000 follows
// ZZZZ.
std::optional<int> parse_hybrid36(std::string_view text) {
  if (text.size() != 4 || !is_letter(text[0])) return std::nullopt;
  const bool upper = std::isupper(static_cast<unsigned char>(text[0])) != 0;
  int value = 0;
  for (char c : text) {
    if (is_digit(c)) {
      value = 36 * value + (c - '0');
    } else if (upper ? (c >= 'A' && c <= 'Z') : (c >= 'a' && c <= 'z')) {
      value = 36 * value + (c - (upper ? 'A' : 'a')) + 10;
    } else {
      return std::nullopt;
    }
  }
  constexpr int kCubed = 36 * 36 * 36;
  return upper ? value - 10 * kCubed + 10000 : value - 10 * kCubed + 10000 + 26 * kCubed;
}

class PdbReader {
 public:
  PdbReader(LineReader& lines, const ModelVisitor& visit) : lines_(lines), visit_(visit) {}

  int64_t read() {
    bool more = true;
    while (more && lines_.next(line_)) {
      const std::string_view record = trimmed(columns(line_, 1, 6));
      if (record == "ATOM" || record == "HETATM") {
        add_atom(record == "HETATM");
      } else if (record == "TER") {
        if (!atoms_.empty()) ended_chains_.insert(chain_fields_);
        ++terminations_;
      } else if (record == "MODEL" || record == "ENDMDL" || record == "END") {
        more = finish_model();
      }
    }
    if (more) finish_model();
    return models_;
  }

 private:
  bool finish_model() {
    bool more = true;
    if (!atoms_.empty()) {
      resolve_column_21();
      ++models_;
      more = visit_(atoms_);
    }
    atoms_.clear();
    column_21_.clear();
    ended_chains_.clear();
    terminations_ = 0;
    return more;
  }

  double coordinate(size_t first, const char* axis) const {
    const std::string_view text = columns(line_, first, first + 7);
    const auto value = parse_double(text);
    if (!value || !std::isfinite(*value)) {
      fail("{} line {}: the {} coordinate in columns {}-{} is '{}', expected a number", lines_.path(),
           lines_.line_number(), axis, first, first + 7, text);
    }
    return *value;
  }

  int residue_number(const std::string& residue_name, char& insertion_code) const {
    const std::string_view text = trimmed(columns(line_, 23, 26));
    if (const auto number = parse_int(text)) {
      // Programs that count residues beyond 9999 write the fifth digit into the column of the insertion code.
      if (is_digit(insertion_code) && text.size() == 4 && *number > 0) {
        const int fifth = insertion_code - '0';
        insertion_code = ' ';
        return static_cast<int>(10 * *number + fifth);
      }
      return static_cast<int>(*number);
    }
    if (const auto number = parse_hybrid36(text)) return *number;
    // Waters beyond 9999 come as asterisks and the like; they are dropped anyway.
    if (may_be_water_name(residue_name)) return 0;
    fail("{} line {}: the residue number in columns 23-26 is '{}', expected a whole number", lines_.path(),
         lines_.line_number(), columns(line_, 23, 26));
  }

  void add_atom(bool hetatm) {
    if (line_.size() < 54) {
      fail("{} line {}: this {} record ends at column {}, before the coordinates (columns 31-54)",
           lines_.path(), lines_.line_number(), hetatm ? "HETATM" : "ATOM", line_.size());
    }
    AtomRecord atom;
    atom.padded_name = columns(line_, 13, 16);
    atom.name = trimmed(atom.padded_name);
    if (atom.name.empty()) {
      fail("{} line {}: this atom has no name (columns 13-16)", lines_.path(), lines_.line_number());
    }
    atom.alternate = column(line_, 17);
    atom.residue_name = trimmed(columns(line_, 18, 20));
    atom.chain = trimmed(columns(line_, 22, 22));
    atom.insertion_code = column(line_, 27);
    atom.residue_number =
        residue_number(atom.residue_name + std::string(trimmed(columns(line_, 21, 21))), atom.insertion_code);
    atom.position = {coordinate(31, "x"), coordinate(39, "y"), coordinate(47, "z")};
    atom.occupancy = parse_double(columns(line_, 55, 60)).value_or(1);
    atom.b_factor = parse_double(columns(line_, 61, 66)).value_or(0);
    if (!std::isfinite(atom.occupancy)) atom.occupancy = 1;
    if (!std::isfinite(atom.b_factor)) atom.b_factor = 0;
    atom.segment = trimmed(columns(line_, 73, 76));
    if (is_letter(column(line_, 77)) || is_letter(column(line_, 78)))
      atom.element = trimmed(columns(line_, 77, 78));
    atom.hetatm = hetatm;
    atom.terminations = terminations_;
    chain_fields_ = std::string(columns(line_, 21, 22)) + '/' + atom.segment;
    atom.outside_polymer = hetatm && ended_chains_.count(chain_fields_) > 0;
    column_21_.push_back(column(line_, 21));
    atoms_.push_back(std::move(atom));
  }

  // Column 21 is blank by the book. A letter there is the first of a chain name of two if residues of known
  // names have it (ALAAB: alanine of chain AB), else the last of a residue name of four (TIP3W: water of
  // chain W).
  void resolve_column_21() {
    bool of_chain = false;
    for (size_t i = 0; i < atoms_.size() && !of_chain; ++i) {
      of_chain = column_21_[i] != ' ' && !may_be_water_name(atoms_[i].residue_name) &&
                 (is_amino_acid_name(atoms_[i].residue_name) || is_nucleotide_name(atoms_[i].residue_name));
    }
    for (size_t i = 0; i < atoms_.size(); ++i) {
      if (column_21_[i] == ' ') continue;
      if (of_chain) {
        atoms_[i].chain.insert(atoms_[i].chain.begin(), column_21_[i]);
      } else {
        atoms_[i].residue_name += column_21_[i];
      }
    }
  }

  LineReader& lines_;
  const ModelVisitor& visit_;
  std::string line_;
  std::vector<AtomRecord> atoms_;
  std::vector<char> column_21_;  // of each atom
  std::string chain_fields_;     // of the last atom
  std::unordered_set<std::string> ended_chains_;
  int terminations_ = 0;
  int64_t models_ = 0;
};

}  // namespace

int64_t read_pdb_models(LineReader& lines, const ModelVisitor& visit) {
  return PdbReader(lines, visit).read();
}

}  // namespace cryomer
