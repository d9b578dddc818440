#include <cmath>
#include <limits>
#include <sstream>

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"
#include "cryomer/io/atom_records.h"
#include "cryomer/io/line_reader.h"

namespace cryomer {

namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(std::move(word));
  return words;
}

}  // namespace

// The section !NATOM: number, segment, residue number, residue name, atom name, type, charge, mass, ...
std::vector<AtomRecord> read_psf(const std::string& path) {
  LineReader lines(path);
  std::string line;
  if (!lines.next(line) || !starts_with(trimmed(line), "PSF")) {
    fail("{} is no PSF file: its first line does not begin with PSF", path);
  }
  int64_t count = -1;
  while (count < 0 && lines.next(line)) {
    if (line.find("!NATOM") == std::string::npos) continue;
    count = parse_int(trimmed(line).substr(0, trimmed(line).find('!'))).value_or(-1);
    if (count < 0)
      fail("{} line {}: '{}' does not give the number of atoms", path, lines.line_number(), line);
  }
  if (count < 0) fail("{} has no section !NATOM, so no atom names", path);

  std::vector<AtomRecord> atoms;
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  while (static_cast<int64_t>(atoms.size()) < count) {
    if (!lines.next(line))
      fail("{} ends after {} of its {} atoms: it is incomplete", path, atoms.size(), count);
    const std::vector<std::string> words = words_of(line);
    if (words.size() < 8) {
      fail(
          "{} line {}: expected an atom's number, segment, residue number, residue name, name, type, charge "
          "and mass, "
          "found {} words",
          path, lines.line_number(), words.size());
    }
    AtomRecord atom;
    atom.chain = words[1];
    std::string_view number = words[2];
    if (number.size() > 1 && std::isalpha(static_cast<unsigned char>(number.back()))) {
      atom.insertion_code = number.back();
      number.remove_suffix(1);
    }
    const auto parsed_number = parse_int(number);
    const auto mass = parse_double(words[7]);
    if (!parsed_number || std::abs(*parsed_number) >= 100000000 || !mass) {
      fail("{} line {}: residue number '{}' or mass '{}' is not a number", path, lines.line_number(),
           words[2], words[7]);
    }
    atom.residue_number = static_cast<int>(*parsed_number);
    atom.residue_name = words[3];
    atom.name = words[4];
    // Up to 3.02 with repartitioned masses; virtual sites and Drude particles are lighter still and dropped
    // alike.
    if (*mass < 3.5) atom.element = "H";
    atom.position = {kUnknown, kUnknown, kUnknown};
    atoms.push_back(std::move(atom));
  }
  if (atoms.empty()) fail("{} holds no atoms", path);
  return atoms;
}

}  // namespace cryomer
