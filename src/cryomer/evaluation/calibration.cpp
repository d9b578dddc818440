#include "cryomer/evaluation/calibration.h"

#include <algorithm>

#include "cryomer/base/error.h"

namespace cryomer {

double interval_coverage(const std::vector<double>& samples, int64_t per_particle,
                         const std::vector<double>& truth, double level) {
  const int64_t particles = static_cast<int64_t>(truth.size());
  if (particles == 0 || per_particle < 1 ||
      static_cast<int64_t>(samples.size()) != particles * per_particle) {
    fail("interval_coverage: {} samples for {} particles with {} each", samples.size(), particles,
         per_particle);
  }
  const double low = (1 - level) / 2, high = (1 + level) / 2;
  const double slots = static_cast<double>(per_particle) + 1;
  double covered = 0;
  for (int64_t i = 0; i < particles; ++i) {
    int64_t below = 0, equal = 0;
    for (int64_t k = 0; k < per_particle; ++k) {
      const double sample = samples[i * per_particle + k];
      below += sample < truth[i];
      equal += sample == truth[i];
    }
    const double first = static_cast<double>(below) / slots;
    const double last = static_cast<double>(below + equal + 1) / slots;
    covered += std::max(0.0, std::min(last, high) - std::max(first, low)) / (last - first);
  }
  return covered / static_cast<double>(particles);
}

}  // namespace cryomer
