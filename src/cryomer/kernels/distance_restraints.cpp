#include "cryomer/kernels/distance_restraints.h"

#include <cmath>

namespace cryomer {

double distance_restraint_energy(const std::vector<DistanceRestraint>& restraints, const float* positions,
                                 float* gradient) {
  double energy = 0;
  for (const DistanceRestraint& r : restraints) {
    const float* a = positions + 3 * size_t(r.i);
    const float* b = positions + 3 * size_t(r.j);
    const float d[3] = {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
    const float distance = std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    const float excess = distance - r.length;
    energy += 0.5f * r.strength * excess * excess;
    if (!gradient || distance == 0) continue;
    const float force = r.strength * excess / distance;
    for (int k = 0; k < 3; ++k) {
      gradient[3 * size_t(r.i) + k] += force * d[k];
      gradient[3 * size_t(r.j) + k] -= force * d[k];
    }
  }
  return energy;
}

}  // namespace cryomer
