// The granularity of ice: a Gaussian random field of phase with the spectrum of water,
//
//   P(k) = t S(k) g(D / D_c(k)),   D_c = 4 / (B_w k^2),   g(x) = 2 (x - 1 + exp(-x)) / x^2
//
// t the thickness, S the phase power per thickness (measured on relaxed TIP3P water at 300 kV), g the averaging while the beam
// moves the molecules by B_w A^2 per e/A^2 (34 in cisTEM) over the dose D.
#pragma once

#include <vector>

#include "cryomer/base/random.h"
#include "cryomer/simulation/electron_beam.h"

namespace cryomer {

// rad^2 A, at k in 1/A.
double ice_phase_power(double k, const ElectronBeam& beam);
double motion_average(double dose_over_decorrelation);

struct IceNoise {
  double thickness = 300;                                  // A
  double dose = 50;                                        // e/A^2
  double motion = 34;                                      // A^2 per e/A^2
  double power(double k, const ElectronBeam& beam) const;  // rad^2 A^2
  // One draw: phase in rad, [size][size].
  std::vector<float> field(int size, double pixel, const ElectronBeam& beam, Random& random) const;
};

}  // namespace cryomer
