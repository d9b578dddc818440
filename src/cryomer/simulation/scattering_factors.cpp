#include "cryomer/simulation/scattering_factors.h"

#include <cmath>
#include <cstdint>  // gemmi 0.6 does without
#include <gemmi/c4322.hpp>

#include "cryomer/base/error.h"
#include "cryomer/simulation/electron_beam.h"

namespace cryomer {

double ScatteringFactor::operator()(double k) const {
  double sum = 0;
  for (int i = 0; i < 5; ++i) sum += a[i] * std::exp(-0.25 * b[i] * k * k);
  return sum;
}

double ScatteringFactor::forward() const {
  return a[0] + a[1] + a[2] + a[3] + a[4];
}

bool has_scattering_factor(int atomic_number) {
  return atomic_number >= 1 && atomic_number < 99;
}

ScatteringFactor scattering_factor(int atomic_number) {
  if (!has_scattering_factor(atomic_number)) {
    fail("there is no electron scattering factor for the element with the number {}: expected 1 (H) to 98 (Cf)", atomic_number);
  }
  const auto& coefficients = gemmi::C4322<double>::get(static_cast<gemmi::El>(atomic_number));
  ScatteringFactor factor;
  for (int i = 0; i < 5; ++i) {
    factor.a[i] = coefficients.a(i);
    factor.b[i] = coefficients.b(i);
  }
  return factor;
}

double water_potential_integral() {
  return kPotentialOfScattering * (scattering_factor(8).forward() + 2 * scattering_factor(1).forward());
}

double water_number_density(double density) {
  return 0.0334280 * density;
}

double water_potential(double density) {
  return water_potential_integral() * water_number_density(density);
}

}  // namespace cryomer
