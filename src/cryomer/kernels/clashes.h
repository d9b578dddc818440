// Atoms that nothing joins keep their distance: energy = sum over pairs nearer than they may be of strength / 2 (least - d)^2,
// least = the sum of the pair's radii, and its gradient.
#pragma once

#include <cstdint>
#include <vector>

#include "cryomer/kernels/close_pairs.h"

namespace cryomer {

struct ClashRules {
  std::vector<float> radius;             // [atoms] A
  std::vector<int> residue;              // [atoms]; atoms of one residue may be near each other,
  std::vector<char> bonded_to_previous;  // [residues] and those of two that are joined
  std::vector<int64_t> joined;           // pairs that may be, too: i * atoms + j with i < j, sorted
  float strength = 1;                    // 1/A^2

  int atom_count() const { return static_cast<int>(radius.size()); }
  bool may_touch(int i, int j) const;
  void join(int i, int j);  // adds a pair; sort `joined` before it is asked
};

// Returns the energy of positions [atoms][3], zero where they are no numbers (the likelihood says so); adds to gradient [atoms][3] when it is not null.
double clash_energy(const ClashRules& rules, const float* positions, float* gradient, ClosePairWorkspace& workspace);

}  // namespace cryomer
