#include "cryomer/evaluation/correlation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace cryomer {

namespace {

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> result(values.size());
  for (size_t first = 0; first < order.size();) {
    size_t last = first;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    for (size_t k = first; k < last; ++k) result[order[k]] = 0.5 * double(first + last - 1);
    first = last;
  }
  return result;
}

}  // namespace

double pearson_r(const std::vector<double>& x, const std::vector<double>& y) {
  const double mean_x = mean(x), mean_y = mean(y);
  double xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  // What rounding of the mean leaves of a constant is no variation.
  const auto varies = [&](double squares, double mean) { return squares > 1e-20 * mean * mean * static_cast<double>(x.size()); };
  return varies(xx, mean_x) && varies(yy, mean_y) ? xy / std::sqrt(xx * yy) : std::numeric_limits<double>::quiet_NaN();
}

double rank_correlation(const std::vector<double>& x, const std::vector<double>& y) {
  return pearson_r(ranks(x), ranks(y));
}

}  // namespace cryomer
