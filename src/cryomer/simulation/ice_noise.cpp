#include "cryomer/simulation/ice_noise.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "cryomer/kernels/fft.h"
#include "cryomer/simulation/half_spectrum.h"

namespace cryomer {

double ice_phase_power(double k, const ElectronBeam& beam) {
  constexpr std::array<double, 9> kResolution = {25, 13, 8, 5.7, 4.4, 3.6, 3.1, 2.7, 2.4};
  constexpr std::array<double, 9> kPower = {2.7e-5, 2.7e-5, 3.2e-5, 3.7e-5, 4.7e-5, 8.6e-5, 9.8e-5, 8.1e-5, 6.1e-5};
  const double relative = beam.interaction / ElectronBeam(300).interaction, scale = relative * relative;
  if (k <= 1 / kResolution.front()) return scale * kPower.front();
  for (size_t i = 1; i < kPower.size(); ++i) {
    const double low = 1 / kResolution[i - 1], high = 1 / kResolution[i];
    if (k <= high) return scale * (kPower[i - 1] + (kPower[i] - kPower[i - 1]) * (k - low) / (high - low));
  }
  return scale * kPower.back();
}

double motion_average(double x) {
  return x < 1e-4 ? 1 - x / 3 : 2 * (x - 1 + std::exp(-x)) / (x * x);
}

double IceNoise::power(double k, const ElectronBeam& beam) const {
  return thickness * ice_phase_power(k, beam) * motion_average(dose * motion * k * k / 4);
}

std::vector<float> IceNoise::field(int size, double pixel, const ElectronBeam& beam, Random& random) const {
  std::vector<float> values(size_t(size) * size_t(size)), spectrum(2 * half_count(size));
  random.fill_normal(values.data(), values.size());
  real_fft(values.data(), size, size, spectrum.data());
  const double area = double(size) * size;
  for_each_frequency(size, pixel, [&](size_t i, double kx, double ky) {
    const auto factor = static_cast<float>(std::sqrt(power(std::hypot(kx, ky), beam)) / pixel / area);
    spectrum[2 * i] *= factor;
    spectrum[2 * i + 1] *= factor;
  });
  inverse_real_fft(spectrum.data(), size, size, values.data());
  return values;
}

}  // namespace cryomer
