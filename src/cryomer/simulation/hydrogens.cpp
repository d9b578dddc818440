#include "cryomer/simulation/hydrogens.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>

namespace cryomer {

namespace {

using Counts = std::map<std::string, int>;

// Side chains at neutral pH, histidine with one proton; the backbone is the same for all but glycine and proline.
const std::map<std::string, Counts>& side_chains() {
  static const std::map<std::string, Counts> table = {
      {"ALA", {{"CB", 3}}},
      {"ARG", {{"CB", 2}, {"CG", 2}, {"CD", 2}, {"NE", 1}, {"NH1", 2}, {"NH2", 2}}},
      {"ASN", {{"CB", 2}, {"ND2", 2}}},
      {"ASP", {{"CB", 2}}},
      {"CYS", {{"CB", 2}, {"SG", 1}}},
      {"GLN", {{"CB", 2}, {"CG", 2}, {"NE2", 2}}},
      {"GLU", {{"CB", 2}, {"CG", 2}}},
      {"GLY", {{"CA", 2}}},
      {"HIS", {{"CB", 2}, {"ND1", 1}, {"CD2", 1}, {"CE1", 1}}},
      {"ILE", {{"CB", 1}, {"CG1", 2}, {"CG2", 3}, {"CD1", 3}, {"CD", 3}}},
      {"LEU", {{"CB", 2}, {"CG", 1}, {"CD1", 3}, {"CD2", 3}}},
      {"LYS", {{"CB", 2}, {"CG", 2}, {"CD", 2}, {"CE", 2}, {"NZ", 3}}},
      {"MET", {{"CB", 2}, {"CG", 2}, {"CE", 3}}},
      {"PHE", {{"CB", 2}, {"CD1", 1}, {"CD2", 1}, {"CE1", 1}, {"CE2", 1}, {"CZ", 1}}},
      {"PRO", {{"N", 0}, {"CB", 2}, {"CG", 2}, {"CD", 2}}},
      {"SER", {{"CB", 2}, {"OG", 1}}},
      {"THR", {{"CB", 1}, {"OG1", 1}, {"CG2", 3}}},
      {"TRP", {{"CB", 2}, {"CD1", 1}, {"NE1", 1}, {"CE3", 1}, {"CZ2", 1}, {"CZ3", 1}, {"CH2", 1}}},
      {"TYR", {{"CB", 2}, {"CD1", 1}, {"CD2", 1}, {"CE1", 1}, {"CE2", 1}, {"OH", 1}}},
      {"VAL", {{"CB", 1}, {"CG1", 3}, {"CG2", 3}}},
  };
  return table;
}

// Sugar and bases; which of them a nucleotide has, its atoms say.
int hydrogens_of_nucleotide_atom(const std::string& base, const std::string& atom, bool ribose) {
  static const Counts sugar = {{"C5'", 2}, {"C4'", 1}, {"C3'", 1}, {"C1'", 1}, {"O2'", 1}};
  static const std::map<std::string, Counts> bases = {
      {"A", {{"C2", 1}, {"C8", 1}, {"N6", 2}}},
      {"G", {{"C8", 1}, {"N1", 1}, {"N2", 2}}},
      {"C", {{"C5", 1}, {"C6", 1}, {"N4", 2}}},
      {"U", {{"C5", 1}, {"C6", 1}, {"N3", 1}}},
      {"T", {{"C7", 3}, {"C5M", 3}, {"C6", 1}, {"N3", 1}}},
  };
  if (atom == "C2'") return ribose ? 1 : 2;
  if (const auto found = sugar.find(atom); found != sugar.end()) return found->second;
  const auto of_base = bases.find(base);
  if (of_base == bases.end()) return 0;
  const auto found = of_base->second.find(atom);
  return found == of_base->second.end() ? 0 : found->second;
}

// "DA", "DA5", "RA", "ADE" and "A" are adenine, and so on; nothing for modified ones.
std::string base_of(const std::string& name) {
  static const std::map<std::string, std::string> long_names = {
      {"ADE", "A"}, {"GUA", "G"}, {"CYT", "C"}, {"URA", "U"}, {"THY", "T"}};
  if (const auto found = long_names.find(name); found != long_names.end()) return found->second;
  std::string text = name;
  while (!text.empty() && (text.back() == '3' || text.back() == '5')) text.pop_back();
  if (text.size() == 2 && (text[0] == 'D' || text[0] == 'R')) text = text.substr(1);
  static const std::set<std::string> known = {"A", "G", "C", "U", "T"};
  return known.count(text) ? text : "";
}

// Names that molecular dynamics programs give to protonation states.
std::string plain_name(const std::string& name) {
  static const std::map<std::string, std::string> same = {{"HID", "HIS"}, {"HIE", "HIS"}, {"HIP", "HIS"}, {"HSD", "HIS"},
                                                          {"HSE", "HIS"}, {"HSP", "HIS"}, {"CYX", "CYS"}, {"CYM", "CYS"},
                                                          {"ASH", "ASP"}, {"GLH", "GLU"}, {"LYN", "LYS"}};
  const auto found = same.find(name);
  return found == same.end() ? name : found->second;
}

int valence_of(int element) {
  switch (element) {
    case 6:
      return 4;
    case 7:
      return 3;
    case 8:
    case 16:
      return 2;
    default:
      return 0;
  }
}

// Order of a bond between two elements of the second row by its length in A.
double order_of_bond(int a, int b, double length) {
  const bool with_oxygen = a == 8 || b == 8;
  if (length < 1.24) return with_oxygen ? 2 : 3;
  return length < (with_oxygen ? 1.29 : 1.43) ? 1.5 : 1;
}

// What the bonds within its group leave of an atom's valence.
int from_valence(const Structure& s, int a) {
  const Atom& atom = s.atoms[a];
  const Residue& own = s.residues[atom.residue];
  double orders = 0;
  int neighbours = 0;
  for (int b = own.first_atom; b < own.first_atom + own.atom_count; ++b) {
    if (b == a) continue;
    const int other = s.atoms[b].atomic_number;
    const double length = norm(s.atoms[b].position - atom.position);
    const bool heavy = std::max(atom.atomic_number, other) > 10;
    if (length > (heavy ? 2.2 : 1.75)) continue;
    if (atom.atomic_number == 8 && other > 10) return 0;  // oxygens of phosphate and sulfate carry no proton
    ++neighbours;
    orders += heavy ? 1 : order_of_bond(atom.atomic_number, other, length);
  }
  if (neighbours == 0) return 0;  // alone: an ion
  if (atom.atomic_number == 7 && neighbours == 1 && orders == 1.5)
    orders = 1;  // the amine of an aromatic ring, a short single bond
  return std::max(0, static_cast<int>(std::floor(valence_of(atom.atomic_number) - orders + 0.01)));
}

bool in_disulfide(const Structure& s, int residue) {
  const int sulfur = s.find_atom(residue, "SG");
  if (sulfur < 0) return false;
  for (int other = 0; other < s.residue_count(); ++other) {
    if (other == residue || plain_name(s.residues[other].name) != "CYS") continue;
    const int partner = s.find_atom(other, "SG");
    if (partner >= 0 && norm(s.atoms[partner].position - s.atoms[sulfur].position) < 2.5) return true;
  }
  return false;
}

}  // namespace

std::vector<int> hydrogens_on_atoms(const Structure& s) {
  std::vector<int> count(s.atoms.size(), 0);
  for (int r = 0; r < s.residue_count(); ++r) {
    const Residue& residue = s.residues[r];
    const std::string name = plain_name(residue.name);
    const auto side_chain = side_chains().find(name);
    const std::string base = residue.kind == ResidueKind::nucleotide ? base_of(name) : "";
    const bool ribose = s.find_atom(r, "O2'") >= 0 || s.find_atom(r, "O2*") >= 0;
    const bool disulfide = name == "CYS" && in_disulfide(s, r);
    for (int a = residue.first_atom; a < residue.first_atom + residue.atom_count; ++a) {
      std::string atom = s.atoms[a].name;
      std::replace(atom.begin(), atom.end(), '*', '\'');
      if (residue.kind == ResidueKind::protein && side_chain != side_chains().end()) {
        const auto found = side_chain->second.find(atom);
        if (found != side_chain->second.end()) {
          count[a] = atom == "SG" && disulfide ? 0 : found->second;
        } else if (atom == "N") {
          count[a] = residue.bonded_to_previous ? 1 : 3;
        } else if (atom == "CA") {
          count[a] = 1;
        }
      } else if (!base.empty()) {
        count[a] = hydrogens_of_nucleotide_atom(base, atom, ribose);
      } else {
        count[a] = from_valence(s, a);
        // Peptide nitrogen and alpha carbon of modified residues have a bond to a neighbour that is not counted above.
        if (residue.kind == ResidueKind::protein && atom == "N") count[a] = residue.bonded_to_previous ? 1 : 3;
        if (residue.kind == ResidueKind::protein && atom == "C") count[a] = 0;
      }
    }
  }
  return count;
}

}  // namespace cryomer
