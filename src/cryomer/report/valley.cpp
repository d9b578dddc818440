#include "cryomer/report/valley.h"

#include <algorithm>
#include <cmath>

#include "cryomer/evaluation/marginal.h"

namespace cryomer {

namespace {

constexpr int kPlaces = 200;
constexpr double kDepth = 0.7, kLeastShare = 0.05;

}  // namespace

std::optional<double> valley_of(std::vector<double> values) {
  values.erase(std::remove_if(values.begin(), values.end(), [](double v) { return !std::isfinite(v); }), values.end());
  if (values.size() < 40) return std::nullopt;
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  const double quartiles = values[3 * n / 4] - values[n / 4];
  const double width = 0.9 * std::min(moments({values, {}}).standard_deviation, quartiles / 1.34) * std::pow(double(n), -0.2);
  if (!(width > 0)) return std::nullopt;
  const double least = values.front(), step = (values.back() - least) / (kPlaces - 1);
  std::vector<double> density(kPlaces, 0.0);
  for (const double value : values) {
    const int first = std::max(0, int((value - 5 * width - least) / step)), last = std::min(kPlaces - 1, int((value + 5 * width - least) / step));
    for (int k = first; k <= last; ++k) {
      const double d = (least + k * step - value) / width;
      density[k] += std::exp(-0.5 * d * d);
    }
  }
  // For every place the highest peaks at either side of it; the valley is where it is lowest relative to the lower of them.
  std::vector<double> left = density, right = density;
  for (int k = 1; k < kPlaces; ++k) left[k] = std::max(left[k], left[k - 1]);
  for (int k = kPlaces - 2; k >= 0; --k) right[k] = std::max(right[k], right[k + 1]);
  std::optional<double> best;
  double depth = kDepth;
  for (int k = 0; k < kPlaces; ++k) {
    const double place = least + k * step, relative = density[k] / std::min(left[k], right[k]);
    const double below = double(std::lower_bound(values.begin(), values.end(), place) - values.begin()) / double(n);
    if (relative >= depth || below < kLeastShare || below > 1 - kLeastShare) continue;
    depth = relative;
    best = place;
  }
  return best;
}

}  // namespace cryomer
