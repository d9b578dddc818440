#include "cryomer/structure/residue_names.h"

#include <gemmi/resinfo.hpp>
#include <unordered_map>
#include <unordered_set>

namespace cryomer {

namespace {

bool contains(const std::unordered_set<std::string>& names, const std::string& name) {
  return names.count(name) > 0;
}

// gemmi packs the letters of a name into an integer, which is undefined for negative characters.
gemmi::ResidueInfo tabulated(const std::string& name) {
  for (const char c : name) {
    if (c <= ' ' || c > '~') return gemmi::find_tabulated_residue("");
  }
  return gemmi::find_tabulated_residue(name);
}

// Protonation states and disulphides of CHARMM, AMBER and GROMACS, which the component dictionary does not
// have.
const std::unordered_set<std::string>& simulation_amino_acids() {
  static const std::unordered_set<std::string> names = {
      "HID",  "HIE", "HIP",  "HSD",  "HSE", "HSP",  "HISA", "HISB", "HISD", "HISE", "HISH", "HIS1", "HIS2",
      "CYX",  "CYM", "CYS2", "CYSH", "ASH", "ASPH", "ASPP", "GLH",  "GLUH", "GLUP", "LYN",  "LYSH", "LSN",
      "ARGN", "TYM"};
  return names;
}

const std::unordered_set<std::string>& simulation_phosphorylated() {
  static const std::unordered_set<std::string> names = {"S1P", "S2P", "T1P", "T2P", "Y1P", "Y2P", "SP1", "SP2", "THP1", "THP2"};
  return names;
}

const std::unordered_set<std::string>& simulation_nucleotides() {
  static const std::unordered_set<std::string> names = {
      "ADE", "GUA", "CYT", "THY", "URA", "URI", "RA",  "RC",  "RG",  "RU",  "A5",  "A3",  "C5",
      "C3",  "G5",  "G3",  "U5",  "U3",  "RA5", "RA3", "RC5", "RC3", "RG5", "RG3", "RU5", "RU3",
      "DA5", "DA3", "DC5", "DC3", "DG5", "DG3", "DT5", "DT3", "T",   "T5",  "T3"};
  return names;
}

bool is_amino_acid_of_simulations(const std::string& name) {
  return contains(simulation_amino_acids(), name) || contains(simulation_phosphorylated(), name);
}

// AMBER marks chain ends with a letter before the name: NALA, CSER.
bool is_terminal_form(const std::string& name) {
  if (name.size() != 4 || (name[0] != 'N' && name[0] != 'C')) return false;
  const std::string inner = name.substr(1);
  return tabulated(inner).is_amino_acid() || is_amino_acid_of_simulations(inner);
}

}  // namespace

bool is_water_name(const std::string& name) {
  return tabulated(name).is_water();
}

bool may_be_water_name(const std::string& name) {
  static const std::unordered_set<std::string> others = {
      "TIP", "TIP2", "TIP3", "TIP4", "TIP5", "TP3", "TP3M", "TP4", "TP5",  "T3P", "T4P",
      "SOL", "SPC",  "SPCE", "D2O",  "HHO",  "OHH", "OH2",  "OPC", "OPC3", "W"};
  return is_water_name(name) || contains(others, name);
}

bool is_amino_acid_name(const std::string& name) {
  return tabulated(name).is_amino_acid() || is_amino_acid_of_simulations(name) || is_terminal_form(name);
}

bool is_nucleotide_name(const std::string& name) {
  return tabulated(name).is_nucleic_acid() || contains(simulation_nucleotides(), name);
}

int heavy_atoms_of_amino_acid(const std::string& name) {
  static const std::unordered_map<std::string, int> counts = {
      {"GLY", 4}, {"ALA", 5}, {"SER", 6}, {"CYS", 6}, {"THR", 7},  {"VAL", 7},  {"PRO", 7},  {"ASP", 8},  {"ASN", 8},  {"ILE", 8},
      {"LEU", 8}, {"MET", 8}, {"GLU", 9}, {"GLN", 9}, {"LYS", 9}, {"HIS", 10}, {"PHE", 11}, {"ARG", 11}, {"TYR", 12}, {"TRP", 14}};
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

bool is_standard_residue_name(const std::string& name) {
  const gemmi::ResidueInfo info = tabulated(name);
  return (info.is_amino_acid() || info.is_nucleic_acid()) && info.is_standard();
}

bool is_standard_residue_of_simulations(const std::string& name) {
  if (contains(simulation_amino_acids(), name) || contains(simulation_nucleotides(), name)) return true;
  if (!is_terminal_form(name)) return false;
  const std::string inner = name.substr(1);
  return is_standard_residue_name(inner) || contains(simulation_amino_acids(), inner);
}

}  // namespace cryomer
