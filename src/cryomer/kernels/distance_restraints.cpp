#include "cryomer/kernels/distance_restraints.h"

namespace cryomer {

double distance_restraint_energy(const std::vector<DistanceRestraint>& restraints, const float* positions,
                                 float* gradient) {
  double energy = 0;
  for (const DistanceRestraint& r : restraints) {
    const detail::RestraintForce found = detail::restraint_force(r, positions);
    energy += found.energy;
    if (!gradient) continue;
    for (int k = 0; k < 3; ++k) {
      gradient[3 * size_t(r.i) + k] += found.on_i[k];
      gradient[3 * size_t(r.j) + k] -= found.on_i[k];
    }
  }
  return energy;
}

}  // namespace cryomer
