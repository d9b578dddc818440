#include "cryomer/kernels/clashes.h"

#include <algorithm>

namespace cryomer {

bool ClashRules::may_touch(int i, int j) const { return detail::may_touch(view(), i, j); }

void ClashRules::join(int i, int j) { joined.push_back(int64_t(std::min(i, j)) * atom_count() + std::max(i, j)); }

double clash_energy(const ClashRules& rules, const float* positions, float* gradient, ClosePairWorkspace& workspace) {
  if (rules.atom_count() == 0) return 0;
  const float reach = 2 * *std::max_element(rules.radius.begin(), rules.radius.end());
  const ClashRulesView view = rules.view();
  double energy = 0;
  for_each_close_pair(positions, rules.atom_count(), reach, workspace, [&](int i, int j, const float* difference, float square) {
    const detail::ClashForce found = detail::clash_force(view, i, j, square);
    energy += found.energy;
    if (!gradient || found.per_difference == 0) return;
    for (int k = 0; k < 3; ++k) {
      gradient[3 * size_t(i) + k] += found.per_difference * difference[k];
      gradient[3 * size_t(j) + k] -= found.per_difference * difference[k];
    }
  });
  return energy;
}

}  // namespace cryomer
