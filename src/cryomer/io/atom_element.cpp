#include "cryomer/io/atom_element.h"

#include <cctype>
#include <gemmi/elem.hpp>
#include <unordered_map>

#include "cryomer/structure/residue_names.h"

namespace cryomer {

namespace {

// "1HB2" -> "HB", "Na+" -> "NA": the letters before the first digit or sign that follows them.
std::string leading_letters(const std::string& name) {
  std::string letters;
  for (char c : name) {
    if (std::isalpha(static_cast<unsigned char>(c))) {
      letters += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    } else if (!letters.empty()) {
      break;
    }
  }
  return letters;
}

int number_of_symbol(const std::string& symbol) {
  return symbol.empty() || symbol.size() > 2 ? 0 : gemmi::Element(symbol).atomic_number();
}

int first_letter_element(const std::string& letters) {
  return letters.empty() ? 0 : number_of_symbol(letters.substr(0, 1));
}

// A single ion is named like its residue: CA/CA, ZN/ZN, and CHARMM's SOD/SOD.
int ion_element(const AtomRecord& atom) {
  static const std::unordered_map<std::string, int> charmm = {
      {"SOD", 11}, {"CLA", 17}, {"POT", 19}, {"CAL", 20}, {"CES", 55},
      {"LIT", 3},  {"RUB", 37}, {"BAR", 56}, {"CAD", 48}, {"MAG", 12}};
  const std::string letters = leading_letters(atom.name);
  if (letters != leading_letters(atom.residue_name)) return 0;
  if (const auto found = charmm.find(letters); found != charmm.end()) return found->second;
  const gemmi::Element element(letters);
  const bool halogen = element == gemmi::El::F || element == gemmi::El::Cl || element == gemmi::El::Br ||
                       element == gemmi::El::I;
  return letters.size() <= 2 && (element.is_metal() || halogen) ? element.atomic_number() : 0;
}

// Elements of two letters that names of organic molecules begin with and mean.
bool is_common_two_letter_element(const std::string& letters) {
  static const char* const symbols[] = {"CL", "BR", "FE", "ZN", "MG", "MN", "SE", "SI", "CU", "AL"};
  for (const char* symbol : symbols) {
    if (letters.compare(0, 2, symbol) == 0) return true;
  }
  return false;
}

int element_of_unaligned_name(const std::string& letters) {
  return is_common_two_letter_element(letters) ? number_of_symbol(letters.substr(0, 2))
                                               : first_letter_element(letters);
}

}  // namespace

bool names_are_misaligned(const std::vector<AtomRecord>& atoms) {
  for (const AtomRecord& atom : atoms) {
    if (atom.name == "CA" && !atom.padded_name.empty() && is_amino_acid_name(atom.residue_name)) {
      return atom.padded_name[0] == 'C';
    }
  }
  return false;
}

int atomic_number_of(const AtomRecord& atom, bool peptide_like, bool aligned) {
  const std::string letters = leading_letters(atom.name);
  const int written = number_of_symbol(atom.element);

  const bool standard = is_standard_residue_name(atom.residue_name);
  const bool polymer_name = is_amino_acid_name(atom.residue_name) || is_nucleotide_name(atom.residue_name);
  if (polymer_name || peptide_like) {
    // Carbon, nitrogen, oxygen and hydrogen are often written as an element of two letters that begins like
    // them (calcium, neon, osmium, mercury); the reverse does not happen, and selenium, chlorine and bromine
    // are meant.
    const bool doubtful = atom.element.size() == 2 &&
                          std::string("CNOH").find(letters.substr(0, 1)) != std::string::npos &&
                          written != 17;
    if (written > 0 && !doubtful && !standard) return written;
    if (letters == "SE" || (!standard && letters.size() == 2 && is_common_two_letter_element(letters))) {
      return number_of_symbol(letters);
    }
    if (const int single = first_letter_element(letters); single > 0) return single;
    return written;
  }
  if (const int ion = ion_element(atom); ion > 0) return ion;
  if (written > 0) return written;
  if (!aligned || atom.padded_name.empty()) return element_of_unaligned_name(letters);
  // Columns 13-14 hold the symbol, right-justified; a name of four letters takes column 13 whatever its
  // element.
  const char first = atom.padded_name[0];
  if (std::isalpha(static_cast<unsigned char>(first)) && atom.name.size() < 4) {
    const int both = number_of_symbol(atom.padded_name.substr(0, 2));
    return both > 0 ? both : first_letter_element(letters);
  }
  if (atom.name.size() == 4) return element_of_unaligned_name(letters);
  return first_letter_element(letters);
}

}  // namespace cryomer
