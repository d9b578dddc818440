#include "cryomer/report/principal_components.h"

#include <algorithm>

#include "cryomer/base/error.h"
#include "cryomer/geometry/symmetric_eigen.h"

namespace cryomer {

PrincipalComponents principal_components(const std::vector<float>& values, int64_t points, int64_t dimension, int64_t count,
                                         const std::vector<float>& variances) {
  if (points < 1 || dimension < 1 || int64_t(values.size()) != points * dimension) {
    fail("principal components: {} values are not {} points of {} dimensions", values.size(), points, dimension);
  }
  if (!variances.empty() && variances.size() != values.size()) {
    fail("principal components: {} variances for {} values", variances.size(), values.size());
  }
  PrincipalComponents result;
  result.mean.assign(dimension, 0.0);
  std::vector<double> covariance(dimension * dimension, 0.0);
  for (int64_t i = 0; i < points; ++i) {
    for (int64_t k = 0; k < dimension; ++k) result.mean[k] += values[i * dimension + k] / double(points);
  }
  const auto centred = [&](int64_t i, int64_t k) { return values[i * dimension + k] - result.mean[k]; };
  for (int64_t i = 0; i < points; ++i) {
    for (int64_t p = 0; p < dimension; ++p) {
      for (int64_t q = 0; q < dimension; ++q) covariance[p * dimension + q] += centred(i, p) * centred(i, q) / double(points);
      if (!variances.empty()) covariance[p * dimension + p] += variances[i * dimension + p] / double(points);
    }
  }
  const SymmetricEigen eigen = symmetric_eigen(covariance, static_cast<int>(dimension));
  double total = 0;
  for (const double value : eigen.values) total += value;
  for (int64_t component = 0; component < std::min(count, dimension); ++component) {
    const int64_t row = dimension - 1 - component;
    const double* const direction = eigen.vectors.data() + row * dimension;
    std::vector<double> projected(points, 0.0);
    for (int64_t i = 0; i < points; ++i) {
      for (int64_t k = 0; k < dimension; ++k) projected[i] += direction[k] * centred(i, k);
    }
    result.direction.emplace_back(direction, direction + dimension);
    result.projected.push_back(std::move(projected));
    result.share.push_back(total > 0 ? eigen.values[row] / total : 0);
  }
  return result;
}

}  // namespace cryomer
