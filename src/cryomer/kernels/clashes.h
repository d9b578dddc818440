// Atoms that nothing joins keep their distance: energy = sum over pairs nearer than they may be of strength / 2 (least - d)^2,
// least = the sum of the pair's radii, and its gradient.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "cryomer/base/host_device.h"
#include "cryomer/kernels/close_pairs.h"

namespace cryomer {

// Where the values of some ClashRules are.
struct ClashRulesView {
  const float* radius = nullptr;
  const int* residue = nullptr;
  const char* bonded_to_previous = nullptr;
  const int64_t* joined = nullptr;
  int joined_count = 0, atom_count = 0;
  float strength = 1;
};

struct ClashRules {
  std::vector<float> radius;             // [atoms] A
  std::vector<int> residue;              // [atoms]; atoms of one residue may be near each other,
  std::vector<char> bonded_to_previous;  // [residues] and those of two that are joined
  std::vector<int64_t> joined;           // pairs that may be, too: i * atoms + j with i < j, sorted
  float strength = 1;                    // 1/A^2

  int atom_count() const { return static_cast<int>(radius.size()); }
  ClashRulesView view() const {
    return {radius.data(), residue.data(), bonded_to_previous.data(), joined.data(), static_cast<int>(joined.size()), atom_count(), strength};
  }
  bool may_touch(int i, int j) const;
  void join(int i, int j);  // adds a pair; sort `joined` before it is asked
};

// Returns the energy of positions [atoms][3], zero where they are no numbers (the likelihood says so); adds to gradient [atoms][3] when it is not null.
double clash_energy(const ClashRules& rules, const float* positions, float* gradient, ClosePairWorkspace& workspace);

namespace detail {

CRYOMER_HOST_DEVICE inline bool may_touch(const ClashRulesView& rules, int i, int j) {
  const int r = rules.residue[i], s = rules.residue[j], later = r > s ? r : s;
  if (r == s || (r + s == 2 * later - 1 && rules.bonded_to_previous[later])) return true;
  const int64_t pair = i < j ? int64_t(i) * rules.atom_count + j : int64_t(j) * rules.atom_count + i;
  int first = 0, last = rules.joined_count;
  while (first < last) {
    const int middle = (first + last) / 2;
    if (rules.joined[middle] < pair) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first < rules.joined_count && rules.joined[first] == pair;
}

struct ClashForce {
  float energy = 0;
  float per_difference = 0;  // times x_i - x_j: gradient with respect to atom i; to atom j it is the opposite
};

// Of two atoms whose distance has this square.
CRYOMER_HOST_DEVICE inline ClashForce clash_force(const ClashRulesView& rules, int i, int j, float square) {
  const float least = rules.radius[i] + rules.radius[j];
  if (!(square < least * least) || may_touch(rules, i, j)) return {};
  const float distance = std::sqrt(square), missing = least - distance;
  return {0.5f * rules.strength * missing * missing, distance > 0 ? -rules.strength * missing / distance : 0};
}

}  // namespace detail

}  // namespace cryomer
