#include "cryomer/simulation/electron_beam.h"

#include <cmath>

#include "cryomer/base/units.h"

namespace cryomer {

namespace {

constexpr double kRestEnergy = 510998.95;          // eV
constexpr double kPlanckTimesLight = 12398.41984;  // eV A

}  // namespace

ElectronBeam::ElectronBeam(double voltage) {
  const double energy = 1e3 * voltage;
  wavelength = kPlanckTimesLight / std::sqrt(energy * (energy + 2 * kRestEnergy));
  gamma = 1 + energy / kRestEnergy;
  interaction = 2 * kPi / (wavelength * energy) * (kRestEnergy + energy) / (2 * kRestEnergy + energy);
  beta_squared = 1 - 1 / (gamma * gamma);
}

}  // namespace cryomer
