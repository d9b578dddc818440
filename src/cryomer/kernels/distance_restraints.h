// Harmonic restraints on atom distances: energy = sum_r strength_r / 2 (|x_i - x_j| - length_r)^2, and its gradient.
#pragma once

#include <vector>

namespace cryomer {

struct DistanceRestraint {
  int i = 0, j = 0;      // atoms
  float length = 0;      // A
  float strength = 1;    // 1/A^2
};

// Returns the energy; adds to gradient [atoms][3] when it is not null.
double distance_restraint_energy(const std::vector<DistanceRestraint>& restraints, const float* positions,
                                 float* gradient);

}  // namespace cryomer
