// Harmonic restraints on atom distances: energy = sum_r strength_r / 2 (|x_i - x_j| - length_r)^2, and its gradient.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "cryomer/base/host_device.h"

namespace cryomer {

struct DistanceRestraint {
  int i = 0, j = 0;      // atoms
  float length = 0;      // A
  float strength = 1;    // 1/A^2
};

// Returns the energy; adds to gradient [atoms][3] when it is not null.
double distance_restraint_energy(const std::vector<DistanceRestraint>& restraints, const float* positions,
                                 float* gradient);

namespace detail {

struct RestraintForce {
  float energy, on_i[3];  // gradient with respect to atom i; to atom j it is the opposite
};

CRYOMER_HOST_DEVICE inline RestraintForce restraint_force(const DistanceRestraint& r, const float* positions) {
  const float* a = positions + 3 * size_t(r.i);
  const float* b = positions + 3 * size_t(r.j);
  const float d[3] = {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
  const float distance = std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
  const float excess = distance - r.length;
  const float force = distance == 0 ? 0 : r.strength * excess / distance;
  return {0.5f * r.strength * excess * excess, {force * d[0], force * d[1], force * d[2]}};
}

}  // namespace detail

}  // namespace cryomer
