// What the tests of readers share: files made on the spot, the log of an action, broken copies of good files.
#pragma once

#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/format.h"
#include "cryomer/base/log.h"
#include "fuzz.h"
#include "testing.h"

namespace cryomer::testing {

inline std::string written(const std::string& name, const std::string& text) {
  const std::string path = scratch_folder() + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

// What the action logs.
inline std::string log_of(const std::function<void()>& action) {
  const std::string path = scratch_folder() + "/log.txt";
  set_log_file(path);
  try {
    action();
  } catch (...) {
    set_log_file("");
    throw;
  }
  set_log_file("");
  return read_file(path);
}

struct PdbAtom {
  std::string name = " CA ";  // columns 13-16
  std::string residue = "ALA";
  std::string chain = "A";
  int number = 1;
  double x = 0, y = 0, z = 0;
  char alternate = ' ';
  double occupancy = 1;
  std::string element;
  bool hetatm = false;
  std::string segment;
};

inline std::string pdb_line(const PdbAtom& atom) {
  return formatted(
      "{:<6}{:>5} {:<4}{}{:>3}{:>2}{:>4}    {:8.3f}{:8.3f}{:8.3f}{:6.2f}{:6.2f}      {:<4}{:>2}\n",
      atom.hetatm ? "HETATM" : "ATOM", 1, atom.name, atom.alternate, atom.residue, atom.chain, atom.number,
      atom.x, atom.y, atom.z, atom.occupancy, 10.0, atom.segment, atom.element);
}

// N, CA, C and O of one residue. Residues `step` apart in `place` are bonded, C to N.
inline std::string backbone(PdbAtom atom, int place, double y = 0) {
  const double x = 3.78 * place;
  std::string text;
  const struct {
    const char* name;
    double dx, dy;
  } atoms[] = {{" N  ", 0, 0}, {" CA ", 1.22, 0.8}, {" C  ", 2.45, 0}, {" O  ", 2.45, -1.23}};
  for (const auto& it : atoms) {
    atom.name = it.name;
    atom.x = x + it.dx;
    atom.y = y + it.dy;
    text += pdb_line(atom);
  }
  return text;
}

inline std::string backbone(const std::string& residue, const std::string& chain, int number, int place,
                            double y = 0) {
  PdbAtom atom;
  atom.residue = residue;
  atom.chain = chain;
  atom.number = number;
  return backbone(atom, place, y);
}

}  // namespace cryomer::testing
