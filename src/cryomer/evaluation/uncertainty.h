// Whether a particle's stated uncertainty says how wrong its estimate is.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace cryomer {

struct UncertaintyBin {
  int64_t particles = 0;
  double stated = 0, actual = 0;  // root mean squares over the bin
};

struct UncertaintyCheck {
  double rank_r = std::numeric_limits<double>::quiet_NaN();  // Spearman's correlation of stated and actual, over particles
  double ratio = std::numeric_limits<double>::quiet_NaN();   // root mean square of actual over that of stated; above 1: too sure
  std::vector<UncertaintyBin> bins;                          // as many particles in each, ascending by what is stated
};

// `stated` and `actual` have one value per particle, in the same units; signs do not matter. A perfect posterior has a ratio
// of one overall and in each bin; how far rank_r is from one is no flaw by itself: if all particles are equally uncertain, it
// is zero.
UncertaintyCheck check_uncertainty(const std::vector<double>& stated, const std::vector<double>& actual, int64_t bins = 10);

}  // namespace cryomer
