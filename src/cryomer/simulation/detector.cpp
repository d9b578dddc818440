#include "cryomer/simulation/detector.h"

#include <algorithm>
#include <cmath>

#include "cryomer/kernels/fft.h"
#include "cryomer/simulation/electron_counts.h"
#include "cryomer/simulation/half_spectrum.h"

namespace cryomer {

Detector::Detector(const DetectorConfig& config) : config_(config), integrating_(config.kind == "integrating"), mtf_(config.mtf) {}

void Detector::filter_after(std::vector<float>& counts, int size) const {
  if (!filters_after()) return;
  std::vector<float> spectrum(2 * half_count(size));
  real_fft(counts.data(), size, size, spectrum.data());
  const double area = double(size) * size;
  for_each_frequency(size, 1.0, [&](size_t i, double qx, double qy) {
    const auto factor = static_cast<float>(after(std::sqrt(qx * qx + qy * qy)) / area);
    spectrum[2 * i] *= factor;
    spectrum[2 * i + 1] *= factor;
  });
  inverse_real_fft(spectrum.data(), size, size, counts.data());
}

void Detector::record(std::vector<float>& electrons, int size, Random& random) const {
  const double excess = 1 / config_.dqe - 1;
  for (float& value : electrons) {
    const double mean = std::max(0.0, double(value));
    double count = 0;
    if (integrating_) {
      count = poisson(mean + config_.dark, random);
      if (excess > 0) count = inverse_gaussian(count, count * excess, random);
    } else {
      count = poisson(config_.dqe * mean + config_.dark, random);
    }
    value = static_cast<float>(config_.gain * count);
  }
  filter_after(electrons, size);
  if (config_.readout > 0) {
    for (float& value : electrons) value += static_cast<float>(config_.readout * random.normal());
  }
}

void Detector::expect(std::vector<float>& electrons, int size) const {
  const double kept = integrating_ ? 1 : config_.dqe;
  for (float& value : electrons) value = static_cast<float>(config_.gain * (kept * std::max(0.0f, value) + config_.dark));
  filter_after(electrons, size);
}

double Detector::noise_power(double q, double electrons) const {
  const double counts = integrating_ ? (electrons + config_.dark) / config_.dqe : config_.dqe * electrons + config_.dark;
  return std::pow(config_.gain * after(q), 2) * counts + config_.readout * config_.readout;
}

}  // namespace cryomer
