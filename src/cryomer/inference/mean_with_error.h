// A mean over particles and how sure it is.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace cryomer {

struct MeanWithError {
  double value = 0, error = 0;  // the error of one value alone is zero
};

inline MeanWithError mean_with_error(const std::vector<double>& values) {
  const double n = double(values.size());
  double sum = 0, squares = 0;
  for (const double v : values) sum += v;
  for (const double v : values) squares += (v - sum / n) * (v - sum / n);
  return {sum / n, std::sqrt(squares / std::max(n * (n - 1), 1.0))};
}

}  // namespace cryomer
