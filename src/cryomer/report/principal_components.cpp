#include "cryomer/report/principal_components.h"

#include "cryomer/base/error.h"
#include "cryomer/geometry/symmetric_eigen.h"

namespace cryomer {

PrincipalComponents principal_components(const std::vector<float>& values, int64_t points, int64_t dimension) {
  if (points < 1 || dimension < 1 || int64_t(values.size()) != points * dimension) {
    fail("principal components: {} values are not {} points of {} dimensions", values.size(), points, dimension);
  }
  std::vector<double> mean(dimension, 0.0), covariance(dimension * dimension, 0.0);
  for (int64_t i = 0; i < points; ++i) {
    for (int64_t k = 0; k < dimension; ++k) mean[k] += values[i * dimension + k] / double(points);
  }
  for (int64_t i = 0; i < points; ++i) {
    for (int64_t p = 0; p < dimension; ++p) {
      for (int64_t q = 0; q < dimension; ++q) {
        covariance[p * dimension + q] +=
            (values[i * dimension + p] - mean[p]) * (values[i * dimension + q] - mean[q]) / double(points);
      }
    }
  }
  const SymmetricEigen eigen = symmetric_eigen(covariance, static_cast<int>(dimension));
  double total = 0;
  for (const double value : eigen.values) total += value;
  PrincipalComponents result;
  for (int component = 0; component < 2; ++component) {
    std::vector<double>& projected = component == 0 ? result.first : result.second;
    projected.assign(points, 0.0);
    const int64_t row = dimension - 1 - component;
    if (row < 0) continue;
    const double* const direction = eigen.vectors.data() + row * dimension;
    for (int64_t i = 0; i < points; ++i) {
      for (int64_t k = 0; k < dimension; ++k) projected[i] += direction[k] * (values[i * dimension + k] - mean[k]);
    }
    (component == 0 ? result.first_share : result.second_share) = total > 0 ? eigen.values[row] / total : 0;
  }
  return result;
}

}  // namespace cryomer
