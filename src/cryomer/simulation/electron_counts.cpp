#include "cryomer/simulation/electron_counts.h"

#include <array>
#include <cmath>

#include "cryomer/base/units.h"

namespace cryomer {

namespace {

// ln k!, Stirling's series beyond a short table.
double log_factorial(double k) {
  static const std::array<double, 10> table = [] {
    std::array<double, 10> made{};
    for (size_t n = 1; n < made.size(); ++n) made[n] = made[n - 1] + std::log(double(n));
    return made;
  }();
  if (k < 10) return table[static_cast<size_t>(k)];
  const double n = k + 1;
  return (n - 0.5) * std::log(n) - n + 0.5 * std::log(2 * kPi) + 1 / (12 * n) - 1 / (360 * n * n * n);
}

}  // namespace

double poisson(double mean, Random& random) {
  if (!(mean > 0)) return 0;
  if (mean < 10) {
    const double limit = std::exp(-mean);
    double product = random.uniform(), count = 0;
    for (; product > limit; ++count) product *= random.uniform();
    return count;
  }
  const double b = 0.931 + 2.53 * std::sqrt(mean), a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), v_r = 0.9277 - 3.6224 / (b - 2);
  while (true) {
    const double u = random.uniform() - 0.5, v = random.uniform(), us = 0.5 - std::abs(u);
    const double k = std::floor((2 * a / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= v_r) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (std::log(v * inverse_alpha / (a / (us * us) + b)) <= k * std::log(mean) - mean - log_factorial(k)) return k;
  }
}

double inverse_gaussian(double mean, double variance, Random& random) {
  if (!(mean > 0) || !(variance > 0)) return mean;
  const double shape = mean * mean * mean / variance, n = random.normal(), y = mean * n * n;
  const double x = mean + mean / (2 * shape) * (y - std::sqrt(y * (4 * shape + y)));
  return random.uniform() * (mean + x) <= mean ? x : mean * mean / x;
}

}  // namespace cryomer
