// Restraints on atom distances and their gradient: with e = |x_i - x_j| - length, the energy is strength / 2 e^2, or, for ties
// that may release, strength / 2 e^2 / (1 + e^2 / release^2) (Geman & McClure 1987).
#pragma once

#include <vector>

namespace cryomer {

struct DistanceRestraint {
  int i = 0, j = 0;      // atoms
  float length = 0;      // A
  float strength = 1;    // 1/A^2
  float release = 0;     // A, deviation at which the pull fades; 0: never
};

// Returns the energy; adds to gradient [atoms][3] when it is not null.
double distance_restraint_energy(const std::vector<DistanceRestraint>& restraints, const float* positions,
                                 float* gradient);

}  // namespace cryomer
