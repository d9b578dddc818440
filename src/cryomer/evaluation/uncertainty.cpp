#include "cryomer/evaluation/uncertainty.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cryomer/base/error.h"
#include "cryomer/evaluation/correlation.h"

namespace cryomer {

UncertaintyCheck check_uncertainty(const std::vector<double>& stated, const std::vector<double>& actual, int64_t bins) {
  const auto count = static_cast<int64_t>(stated.size());
  if (count == 0 || actual.size() != stated.size()) {
    fail("uncertainty: {} stated and {} actual values, expected one of each per particle", stated.size(), actual.size());
  }
  std::vector<double> size(count);
  for (int64_t i = 0; i < count; ++i) size[i] = std::abs(actual[i]);
  std::vector<int64_t> order(count);
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return stated[a] < stated[b]; });
  UncertaintyCheck result;
  result.rank_r = rank_correlation(stated, size);
  double all_stated = 0, all_actual = 0;
  bins = std::clamp<int64_t>(bins, 1, count);
  for (int64_t b = 0; b < bins; ++b) {
    const int64_t first = b * count / bins, last = (b + 1) * count / bins;
    UncertaintyBin bin;
    bin.particles = last - first;
    for (int64_t k = first; k < last; ++k) {
      bin.stated += stated[order[k]] * stated[order[k]];
      bin.actual += actual[order[k]] * actual[order[k]];
    }
    all_stated += bin.stated;
    all_actual += bin.actual;
    bin.stated = std::sqrt(bin.stated / double(bin.particles));
    bin.actual = std::sqrt(bin.actual / double(bin.particles));
    result.bins.push_back(bin);
  }
  if (all_stated > 0) result.ratio = std::sqrt(all_actual / all_stated);
  return result;
}

}  // namespace cryomer
