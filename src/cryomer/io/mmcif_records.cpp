// The table _atom_site of an mmCIF file (STAR/CIF 1.1 syntax, PDBx/mmCIF dictionary), row by row. Author
// names and numbers are used where there are some, as in PDB files.
#include <array>
#include <cmath>

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"
#include "cryomer/io/coordinate_text.h"
#include "cryomer/structure/residue_names.h"

namespace cryomer {

namespace {

enum class TokenKind { value, tag, loop, block, end };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;
  bool quoted = false;
};

class CifTokens {
 public:
  explicit CifTokens(LineReader& lines) : lines_(lines) {}

  void next(Token& token) {
    token.text.clear();
    token.quoted = false;
    token.kind = TokenKind::end;
    while (true) {
      while (at_ < line_.size() && is_blank(line_[at_])) ++at_;
      if (at_ < line_.size() && line_[at_] != '#') break;
      if (!lines_.next(line_)) return;
      at_ = 0;
      if (!line_.empty() && line_[0] == ';') return read_text_field(token);
    }
    const char quote = line_[at_];
    if (quote == '\'' || quote == '"') return read_quoted(token, quote);
    size_t end = at_;
    while (end < line_.size() && !is_blank(line_[end])) ++end;
    token.text.assign(line_, at_, end - at_);
    at_ = end;
    token.kind = kind_of(token.text);
  }

  [[noreturn]] void fail_here(const std::string& what) const {
    fail("{} line {}: {}", lines_.path(), lines_.line_number(), what);
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t'; }

  static TokenKind kind_of(const std::string& text) {
    if (text[0] == '_') return TokenKind::tag;
    const char first = static_cast<char>(text[0] | 0x20);  // lower case
    if (first == 'l' && lower(text) == "loop_") return TokenKind::loop;
    if (first == 'd' && starts_with(lower(text), "data_")) return TokenKind::block;
    return TokenKind::value;
  }

  // A quote ends only before a blank, so 'O5'' is O5'.
  void read_quoted(Token& token, char quote) {
    size_t end = at_ + 1;
    while (end < line_.size() &&
           !(line_[end] == quote && (end + 1 == line_.size() || is_blank(line_[end + 1]))))
      ++end;
    if (end == line_.size())
      fail_here(formatted("a text that begins with {} does not end on its line", quote));
    token.kind = TokenKind::value;
    token.quoted = true;
    token.text.assign(line_, at_ + 1, end - at_ - 1);
    at_ = end + 1;
  }

  // Text between lines that begin with a semicolon. No column of interest has such text, so it is passed
  // over.
  void read_text_field(Token& token) {
    const int64_t start = lines_.line_number();
    while (lines_.next(line_)) {
      if (line_.empty() || line_[0] != ';') continue;
      at_ = 1;
      token.kind = TokenKind::value;
      token.quoted = true;
      return;
    }
    fail("{} line {}: the text that begins here with ';' does not end", lines_.path(), start);
  }

  LineReader& lines_;
  std::string line_;
  size_t at_ = 0;
};

enum Field {
  kGroup,
  kElement,
  kName,
  kAuthName,
  kAlternate,
  kResidue,
  kAuthResidue,
  kChain,
  kAuthChain,
  kSequence,
  kAuthNumber,
  kInsertion,
  kX,
  kY,
  kZ,
  kOccupancy,
  kBFactor,
  kModel,
  kFieldCount
};

constexpr std::array<const char*, kFieldCount> kFieldTags = {
    "group_pdb",    "type_symbol",   "label_atom_id", "auth_atom_id", "label_alt_id",   "label_comp_id",
    "auth_comp_id", "label_asym_id", "auth_asym_id",  "label_seq_id", "auth_seq_id",    "pdbx_pdb_ins_code",
    "cartn_x",      "cartn_y",       "cartn_z",       "occupancy",    "b_iso_or_equiv", "pdbx_pdb_model_num"};

class MmcifReader {
 public:
  MmcifReader(LineReader& lines, const ModelVisitor& visit) : lines_(lines), tokens_(lines), visit_(visit) {}

  int64_t read() {
    Token token;
    tokens_.next(token);
    while (token.kind != TokenKind::end) {
      if (token.kind != TokenKind::loop) {
        tokens_.next(token);
        continue;
      }
      std::vector<std::string> tags;
      for (tokens_.next(token); token.kind == TokenKind::tag; tokens_.next(token))
        tags.push_back(lower(token.text));
      if (!tags.empty() && starts_with(tags.front(), "_atom_site.")) {
        read_atoms(tags, token);
        return models_;
      }
    }
    return 0;
  }

 private:
  void read_atoms(const std::vector<std::string>& tags, Token& token) {
    std::array<int, kFieldCount> columns{};
    columns.fill(-1);
    for (size_t i = 0; i < tags.size(); ++i) {
      for (int field = 0; field < kFieldCount; ++field) {
        if (tags[i] == std::string("_atom_site.") + kFieldTags[field]) columns[field] = static_cast<int>(i);
      }
    }
    auto require = [&](Field field, Field other) {
      if (columns[field] >= 0 || columns[other] >= 0) return;
      tokens_.fail_here(formatted("the table _atom_site has no column _atom_site.{}", kFieldTags[field]));
    };
    require(kX, kX);
    require(kY, kY);
    require(kZ, kZ);
    require(kName, kAuthName);
    require(kResidue, kAuthResidue);
    require(kChain, kAuthChain);
    require(kSequence, kAuthNumber);

    std::vector<Token> row(tags.size());
    while (token.kind == TokenKind::value) {
      for (size_t i = 0; i < row.size(); ++i) {
        if (token.kind != TokenKind::value) {
          tokens_.fail_here(
              formatted("a row of the table _atom_site ends after {} of its {} values", i, row.size()));
        }
        std::swap(row[i], token);
        row_line_ = lines_.line_number();
        tokens_.next(token);
      }
      if (!add_atom(row, columns)) return;
    }
    finish_model();
  }

  // An empty text for what the file leaves out ("." and "?").
  static const std::string& value_of(const std::vector<Token>& row, int column) {
    static const std::string nothing;
    if (column < 0) return nothing;
    const Token& token = row[column];
    return !token.quoted && (token.text == "." || token.text == "?") ? nothing : token.text;
  }

  bool add_atom(const std::vector<Token>& row, const std::array<int, kFieldCount>& columns) {
    auto value = [&](Field field) -> const std::string& { return value_of(row, columns[field]); };
    auto first_of = [&](Field a, Field b) -> const std::string& {
      return value(a).empty() ? value(b) : value(a);
    };

    bool more = true;
    if (!atoms_.empty() && value(kModel) != model_) more = finish_model();
    if (!more) return false;
    model_ = value(kModel);

    AtomRecord atom;
    atom.name = first_of(kAuthName, kName);
    atom.element = value(kElement);
    atom.residue_name = first_of(kAuthResidue, kResidue);
    atom.chain = first_of(kAuthChain, kChain);
    atom.hetatm = value(kGroup) == "HETATM";
    if (!value(kInsertion).empty()) atom.insertion_code = value(kInsertion)[0];
    if (!value(kAlternate).empty()) atom.alternate = value(kAlternate)[0];
    if (atom.name.empty()) fail_in_row("this atom has no name");
    const std::string& number = first_of(kAuthNumber, kSequence);
    const auto parsed = parse_int(number);
    if (parsed && std::abs(*parsed) < 100000000) {
      atom.residue_number = static_cast<int>(*parsed);
    } else if (!may_be_water_name(atom.residue_name)) {
      fail_in_row(formatted("the residue number is '{}', expected a whole number", number));
    }
    for (int axis = 0; axis < 3; ++axis) {
      const std::string& text = value(static_cast<Field>(kX + axis));
      const auto coordinate = parse_number(text);
      if (!coordinate || !std::isfinite(*coordinate)) {
        fail_in_row(formatted("_atom_site.Cartn_{} is '{}', expected a number", "xyz"[axis], text));
      }
      atom.position[axis] = *coordinate;
    }
    atom.occupancy = parse_number(value(kOccupancy)).value_or(1);
    atom.b_factor = parse_number(value(kBFactor)).value_or(0);
    if (!std::isfinite(atom.occupancy)) atom.occupancy = 1;
    if (!std::isfinite(atom.b_factor)) atom.b_factor = 0;
    atom.outside_polymer = value(kSequence).empty();
    any_in_polymer_ = any_in_polymer_ || !atom.outside_polymer;
    atoms_.push_back(std::move(atom));
    return true;
  }

  // "1.234(5)" carries its standard uncertainty.
  static std::optional<double> parse_number(const std::string& text) {
    return parse_double(std::string_view(text).substr(0, text.find('(')));
  }

  [[noreturn]] void fail_in_row(const std::string& what) const {
    fail("{} line {}: {}", lines_.path(), row_line_, what);
  }

  bool finish_model() {
    if (atoms_.empty()) return true;
    // A program that writes no label_seq_id at all does not mean that nothing is a polymer.
    if (!any_in_polymer_) {
      for (AtomRecord& atom : atoms_) atom.outside_polymer = false;
    }
    ++models_;
    const bool more = visit_(atoms_);
    atoms_.clear();
    return more;
  }

  LineReader& lines_;
  CifTokens tokens_;
  const ModelVisitor& visit_;
  std::vector<AtomRecord> atoms_;
  std::string model_;
  int64_t row_line_ = 0;
  bool any_in_polymer_ = false;
  int64_t models_ = 0;
};

}  // namespace

int64_t read_mmcif_models(LineReader& lines, const ModelVisitor& visit) {
  return MmcifReader(lines, visit).read();
}

}  // namespace cryomer
