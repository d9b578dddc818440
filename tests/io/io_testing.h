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
#include "cryomer/base/random.h"
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

// Flips, deletes, inserts or cuts bytes of `good` and hands each result, as a file, to `read`. That must
// succeed or throw an Error; anything else ends the test program.
inline void fuzz(const std::string& good, const std::string& name, int mutations,
                 const std::function<void(const std::string& path)>& read) {
  const std::string path = scratch_folder() + "/" + name;
  int failures = 0;
  for (int i = 0; i < mutations; ++i) {
    Random random(20240607, static_cast<uint64_t>(i));
    std::string bytes = good;
    const int edits = 1 + static_cast<int>(random.below(4));
    for (int edit = 0; edit < edits && !bytes.empty(); ++edit) {
      const size_t at = random.below(bytes.size());
      switch (random.below(5)) {
        case 0:
          bytes[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
          break;
        case 2:
          bytes.erase(at, 1 + random.below(20));
          break;
        case 3:
          bytes.insert(at, 1 + random.below(20), static_cast<char>(random.below(256)));
          break;
        default:
          bytes.resize(at);
          break;
      }
    }
    std::ofstream(path, std::ios::binary)
        << bytes;  // not synced to disk, which takes longer than the reading
    try {
      read(path);
    } catch (const Error&) {
      ++failures;
    }
  }
  EXPECT_GT(failures, mutations / 20) << "hardly any mutation was noticed: does the reader look at the file?";
}

}  // namespace cryomer::testing
