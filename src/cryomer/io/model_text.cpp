#include "cryomer/io/model_text.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <gemmi/elem.hpp>
#include <string_view>

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"
#include "cryomer/structure/residue_names.h"

namespace cryomer {

namespace {

std::string symbol_of(const Atom& atom) {
  return gemmi::Element(atom.atomic_number).uname();
}

bool is_polymer(const Structure& structure, int residue) {
  const Residue& it = structure.residues[residue];
  if (it.kind != ResidueKind::other) return true;
  // Caps and incomplete amino acids between or beside the links of a chain.
  const bool bonded_to_next =
      residue + 1 < structure.residue_count() && structure.residues[residue + 1].bonded_to_previous;
  if (it.bonded_to_previous || bonded_to_next) return true;
  const bool complete = structure.find_atom(residue, "N") >= 0 && structure.find_atom(residue, "CA") >= 0 &&
                        structure.find_atom(residue, "C") >= 0;
  return is_amino_acid_name(it.name) && !complete;
}

bool is_hetatm(const Structure& structure, int residue) {
  const std::string& name = structure.residues[residue].name;
  return !is_polymer(structure, residue) || !(is_standard_residue_name(name) || is_standard_residue_of_simulations(name));
}

// Whether no polymer residue of the same chain follows directly: where a TER belongs.
bool ends_chain(const Structure& structure, int residue) {
  if (!is_polymer(structure, residue)) return false;
  for (int r = residue + 1; r < structure.residue_count(); ++r) {
    if (structure.residues[r].chain != structure.residues[residue].chain) return true;
    if (is_polymer(structure, r)) return false;
  }
  return true;
}

// Base-36 numbers that follow the last decimal one of a field (Grosse-Kunstleve's hybrid-36), so 99,999 is
// followed by A0000 and 9999 by A000.
std::string hybrid36(int64_t value, int width) {
  int64_t decimals = 1, powers = 1;
  for (int i = 0; i < width; ++i) decimals *= 10;
  for (int i = 0; i + 1 < width; ++i) powers *= 36;
  if (value < decimals) return formatted("{:{}d}", value, width);
  value -= decimals;
  const bool upper = value < 26 * powers;
  if (!upper) value -= 26 * powers;
  value = value % (26 * powers) + 10 * powers;  // serial numbers begin anew beyond 87 million
  std::string text(static_cast<size_t>(width), '0');
  for (int i = width - 1; i >= 0; --i, value /= 36) {
    const int digit = static_cast<int>(value % 36);
    text[static_cast<size_t>(i)] =
        static_cast<char>(digit < 10 ? '0' + digit : (upper ? 'A' : 'a') + digit - 10);
  }
  return text;
}

constexpr int kLargestResidueNumber = 9999 + 2 * 26 * 36 * 36 * 36;

// Appends value with three decimals, right-justified in `width` columns or more.
void append_fixed3(std::string& text, float value, int width) {
  char digits[32];
  char* at = digits + sizeof digits;
  const int64_t thousandths = std::llround(static_cast<double>(value) * 1000);
  uint64_t rest = static_cast<uint64_t>(thousandths < 0 ? -thousandths : thousandths);
  for (int i = 0; i < 3; ++i, rest /= 10) *--at = static_cast<char>('0' + rest % 10);
  *--at = '.';
  do {
    *--at = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  if (thousandths < 0) *--at = '-';
  const auto length = static_cast<int>(digits + sizeof digits - at);
  if (length < width) text.append(static_cast<size_t>(width - length), ' ');
  text.append(at, static_cast<size_t>(length));
}

std::string cif_value(const std::string& text) {
  if (text.empty()) return "?";
  const bool plain = std::string_view("'\"_#$;[]").find(text[0]) == std::string_view::npos && text != "." &&
                     text != "?" && text.find_first_of(" \t'\"") == std::string::npos &&
                     !starts_with(lower(text), "data_") && !starts_with(lower(text), "loop_") &&
                     !starts_with(lower(text), "save_") && !starts_with(lower(text), "stop_") &&
                     !starts_with(lower(text), "global_");
  if (plain) return text;
  const char quote = text.find('"') == std::string::npos ? '"' : '\'';
  return quote + text + quote;
}

}  // namespace

std::string reason_against_pdb(const Structure& structure) {
  for (const Residue& residue : structure.residues) {
    if (residue.chain.size() > 2)
      return formatted("the chain name '{}' has more than two letters", residue.chain);
    if (residue.name.size() > (residue.chain.size() == 1 ? 4u : 3u)) {
      return formatted("the residue name '{}' ({}) is too long", residue.name, residue_label(residue));
    }
    if (residue.number < -999 || residue.number > kLargestResidueNumber) {
      return formatted("the residue number {} does not fit four columns", residue.number);
    }
  }
  for (const Atom& atom : structure.atoms) {
    if (atom.name.size() > 4) return formatted("the atom name '{}' has more than four letters", atom.name);
  }
  return "";
}

ModelText::ModelText(const std::string& path, CoordinateFormat format, const Structure& structure,
                     bool numbered_models)
    : path_(path), format_(format), structure_(structure), numbered_models_(numbered_models) {
  if (structure.atoms.empty()) fail("cannot write {}: there are no atoms", path);
  if (format == CoordinateFormat::pdb) {
    prepare_pdb_lines();
  } else {
    prepare_mmcif_lines();
  }
}

void ModelText::prepare_pdb_lines() {
  const std::string reason = reason_against_pdb(structure_);
  if (!reason.empty())
    fail("cannot write {}: {} for the PDB format, use a name that ends in .cif", path_, reason);
  int64_t serial = 0;
  for (int r = 0; r < structure_.residue_count(); ++r) {
    const Residue& residue = structure_.residues[r];
    const char* const record = is_hetatm(structure_, r) ? "HETATM" : "ATOM  ";
    // Residue name, chain and number: columns 18-27.
    const std::string place = formatted("{}{}{}{}", formatted("{:>3}", residue.name),
                                        formatted("{:>{}}", residue.chain, residue.name.size() > 3 ? 1 : 2),
                                        hybrid36(residue.number, 4), residue.insertion_code);
    for (int i = residue.first_atom; i < residue.first_atom + residue.atom_count; ++i) {
      const Atom& atom = structure_.atoms[i];
      const std::string symbol = symbol_of(atom);
      const bool from_column_13 = atom.name.size() == 4 || symbol.size() == 2;
      beginning_.push_back(formatted("{}{} {:<4} {}   ", record, hybrid36(++serial, 5),
                                     from_column_13 ? atom.name : " " + atom.name, place));
      ending_.push_back(formatted("{:6.2f}{:6.2f}          {:>2}  \n", std::clamp(atom.occupancy, 0.0, 99.99),
                                  std::clamp(atom.b_factor, -99.99, 999.99), symbol));
    }
    if (residue.atom_count > 0 && ends_chain(structure_, r)) {
      ending_.back() += formatted("TER   {}      {}\n", hybrid36(++serial, 5), place);
    }
  }
}

void ModelText::prepare_mmcif_lines() {
  std::string chain;
  int sequence = 0;
  for (int r = 0; r < structure_.residue_count(); ++r) {
    const Residue& residue = structure_.residues[r];
    if (residue.chain != chain) sequence = 0;
    chain = residue.chain;
    const bool polymer = is_polymer(structure_, r);
    if (polymer) ++sequence;
    for (int i = residue.first_atom; i < residue.first_atom + residue.atom_count; ++i) {
      const Atom& atom = structure_.atoms[i];
      beginning_.push_back(
          formatted("{} {} {} {} . {} {} ? {} {} ", is_hetatm(structure_, r) ? "HETATM" : "ATOM", i + 1,
                    symbol_of(atom), cif_value(atom.name), cif_value(residue.name), cif_value(residue.chain),
                    polymer ? formatted("{}", sequence) : std::string("."),
                    residue.insertion_code == ' ' ? "?" : cif_value({residue.insertion_code})));
      ending_.push_back(formatted(" {:.2f} {:.2f} {} {} ", atom.occupancy, atom.b_factor, residue.number,
                                  cif_value(residue.chain)));
    }
  }
}

std::string ModelText::begin() const {
  if (format_ == CoordinateFormat::pdb) return "";
  std::string name = std::filesystem::path(path_).stem().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c <= ' ' || c > '~'; }, '_');
  std::string text = formatted("data_{}\n#\nloop_\n", name);
  for (const char* tag :
       {"group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id", "label_asym_id",
        "label_entity_id", "label_seq_id", "pdbx_PDB_ins_code", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy",
        "B_iso_or_equiv", "auth_seq_id", "auth_asym_id", "pdbx_PDB_model_num"}) {
    text += formatted("_atom_site.{}\n", tag);
  }
  return text;
}

void ModelText::append_model(std::string& text, const float* coordinates) {
  ++models_;
  const bool pdb = format_ == CoordinateFormat::pdb;
  const std::string model = formatted("{}\n", models_);
  if (pdb && numbered_models_) text += formatted("MODEL {:>8}\n", models_);
  for (size_t i = 0; i < beginning_.size(); ++i) {
    text += beginning_[i];
    for (int axis = 0; axis < 3; ++axis) {
      const float value = coordinates[3 * i + static_cast<size_t>(axis)];
      const bool fits = pdb ? value > -999.9994f && value < 9999.9990f : std::abs(value) < 1e9f;
      if (!fits) {
        fail("cannot write {}: model {}, atom {}: the {} coordinate is {} A{}", path_, models_,
             atom_label(structure_, static_cast<int>(i)), "xyz"[axis], value,
             std::isfinite(value) && pdb
                 ? ", and the columns of the PDB format hold -999.999 to 9999.999; use a name "
                   "that ends in .cif"
                 : "");
      }
      append_fixed3(text, value, pdb ? 8 : 0);
      if (!pdb && axis < 2) text += ' ';
    }
    text += ending_[i];
    if (!pdb) text += model;
  }
  if (pdb && numbered_models_) text += "ENDMDL\n";
}

std::string ModelText::end() const {
  return format_ == CoordinateFormat::pdb ? "END\n" : "#\n";
}

}  // namespace cryomer
