#include "cryomer/kernels/clashes.h"

#include <algorithm>
#include <cmath>

namespace cryomer {

namespace {

int64_t pair_number(int i, int j, int atoms) { return int64_t(std::min(i, j)) * atoms + std::max(i, j); }

}  // namespace

bool ClashRules::may_touch(int i, int j) const {
  const int r = std::min(residue[i], residue[j]), s = std::max(residue[i], residue[j]);
  if (r == s || (s == r + 1 && bonded_to_previous[s])) return true;
  return std::binary_search(joined.begin(), joined.end(), pair_number(i, j, atom_count()));
}

void ClashRules::join(int i, int j) { joined.push_back(pair_number(i, j, atom_count())); }

double clash_energy(const ClashRules& rules, const float* positions, float* gradient, ClosePairWorkspace& workspace) {
  if (rules.atom_count() == 0) return 0;
  const float reach = 2 * *std::max_element(rules.radius.begin(), rules.radius.end());
  double energy = 0;
  for_each_close_pair(positions, rules.atom_count(), reach, workspace, [&](int i, int j, const float* difference, float square) {
    const float least = rules.radius[size_t(i)] + rules.radius[size_t(j)];
    if (square >= least * least || rules.may_touch(i, j)) return;
    const float distance = std::sqrt(square), missing = least - distance;
    energy += 0.5f * rules.strength * missing * missing;
    if (!gradient || distance == 0) return;
    const float force = -rules.strength * missing / distance;
    for (int k = 0; k < 3; ++k) {
      gradient[3 * size_t(i) + k] += force * difference[k];
      gradient[3 * size_t(j) + k] -= force * difference[k];
    }
  });
  return energy;
}

}  // namespace cryomer
