#include "cryomer/simulation/radiation_damage.h"

#include <algorithm>
#include <cmath>

namespace cryomer {

double critical_exposure(double k, double voltage) {
  const double at_300 = 0.24499 * std::pow(std::max(k, 1e-6), -1.6649) + 2.8141;
  return at_300 * std::clamp(1 + 0.2 * (voltage - 300) / 100, 0.5, 1.2);
}

double damaged_amplitude(double k, double dose, double voltage, int frames) {
  // A geometric sum over the frames' middles.
  const double step = dose / frames / (2 * critical_exposure(k, voltage));
  if (step < 1e-12) return 1;
  return std::exp(-0.5 * step) * (1 - std::exp(-step * frames)) / (1 - std::exp(-step)) / frames;
}

}  // namespace cryomer
