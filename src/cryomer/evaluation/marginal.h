// One-dimensional distributions given by samples, with or without weights: moments, and two distances between
// them that are exact for samples of different sizes.
#pragma once

#include <vector>

namespace cryomer {

struct Marginal {
  std::vector<double> values;
  std::vector<double> weights;  // one per value, any positive sum; empty: equal
};

struct Moments {
  double mean = 0;
  double standard_deviation = 0;  // of the distribution: divided by the sum of the weights
};
Moments moments(const Marginal& marginal);

// Integral of |F - G|, in the units of the values.
double wasserstein_distance(const Marginal& a, const Marginal& b);

// Kolmogorov-Smirnov statistic, the largest |F - G|, in [0, 1].
double ks_statistic(const Marginal& a, const Marginal& b);

}  // namespace cryomer
