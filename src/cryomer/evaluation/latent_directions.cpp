#include "cryomer/evaluation/latent_directions.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cryomer/base/error.h"
#include "cryomer/geometry/symmetric_eigen.h"

namespace cryomer {

namespace {

// Square matrices of the dimension's size, row after row.
struct Matrix {
  int64_t size;
  std::vector<double> values;

  explicit Matrix(int64_t n) : size(n), values(n * n, 0.0) {}
  double& operator()(int64_t row, int64_t column) { return values[row * size + column]; }
  double operator()(int64_t row, int64_t column) const { return values[row * size + column]; }
};

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix c(a.size);
  for (int64_t p = 0; p < a.size; ++p) {
    for (int64_t k = 0; k < a.size; ++k) {
      for (int64_t q = 0; q < a.size; ++q) c(p, q) += a(p, k) * b(k, q);
    }
  }
  return c;
}

Matrix square_root(const Matrix& a) {
  const SymmetricEigen eigen = symmetric_eigen(a.values, static_cast<int>(a.size));
  Matrix root(a.size);
  for (int64_t k = 0; k < a.size; ++k) {
    const double length = std::sqrt(std::max(eigen.values[k], 0.0));
    const double* const v = eigen.vectors.data() + k * a.size;
    for (int64_t p = 0; p < a.size; ++p) {
      for (int64_t q = 0; q < a.size; ++q) root(p, q) += length * v[p] * v[q];
    }
  }
  return root;
}

Matrix covariance_of(const std::vector<float>& points, const std::vector<double>& mean, const std::vector<float>& variances) {
  const auto dimension = int64_t(mean.size()), n = int64_t(points.size()) / dimension;
  Matrix covariance(dimension);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t p = 0; p < dimension; ++p) {
      const double x = (points[i * dimension + p] - mean[p]) / double(n);
      for (int64_t q = 0; q <= p; ++q) covariance(p, q) += x * (points[i * dimension + q] - mean[q]);
      if (!variances.empty()) covariance(p, p) += variances[i * dimension + p] / double(n);
    }
  }
  for (int64_t p = 0; p < dimension; ++p) {
    for (int64_t q = 0; q < p; ++q) covariance(q, p) = covariance(p, q);
  }
  return covariance;
}

// A^T A; one without effects.
Matrix effect_of(const std::vector<std::vector<double>>& effects, int64_t dimension) {
  Matrix effect(dimension);
  for (int64_t p = 0; p < dimension; ++p) {
    for (int64_t q = 0; q < dimension; ++q) {
      effect(p, q) = effects.empty() ? p == q : std::inner_product(effects[p].begin(), effects[p].end(), effects[q].begin(), 0.0);
    }
  }
  return effect;
}

}  // namespace

std::vector<double> LatentDirections::along(int64_t k, const std::vector<float>& points) const {
  if (dimension < 1 || int64_t(points.size()) % dimension != 0) {
    fail("latent directions: {} values are not points of {} dimensions", points.size(), dimension);
  }
  const int64_t n = int64_t(points.size()) / dimension;
  std::vector<double> result(n, 0.0);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t d = 0; d < dimension; ++d) result[i] += projections[k * dimension + d] * (points[i * dimension + d] - mean[d]);
  }
  return result;
}

std::vector<float> LatentDirections::point(int64_t k, double distance) const {
  std::vector<float> result;
  for (int64_t d = 0; d < dimension; ++d) result.push_back(float(mean[d] + distance * directions[k * dimension + d]));
  return result;
}

LatentDirections principal_directions(const std::vector<float>& points, int64_t dimension, int64_t most, const PointSpread& spread) {
  if (dimension < 1 || points.empty() || int64_t(points.size()) % dimension != 0) {
    fail("latent directions: {} values are not points of {} dimensions", points.size(), dimension);
  }
  if (!spread.variances.empty() && spread.variances.size() != points.size()) {
    fail("latent directions: {} variances for {} values", spread.variances.size(), points.size());
  }
  if (!spread.effects.empty() && int64_t(spread.effects.size()) != dimension) {
    fail("latent directions: effects of {} of {} dimensions", spread.effects.size(), dimension);
  }
  const int64_t n = int64_t(points.size()) / dimension;
  LatentDirections result;
  result.dimension = dimension;
  result.mean.assign(dimension, 0.0);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t d = 0; d < dimension; ++d) result.mean[d] += points[i * dimension + d] / double(n);
  }
  const Matrix effect = effect_of(spread.effects, dimension), root = square_root(covariance_of(points, result.mean, spread.variances));
  const SymmetricEigen eigen = symmetric_eigen(product(product(root, effect), root).values, static_cast<int>(dimension));
  const double total = std::accumulate(eigen.values.begin(), eigen.values.end(), 0.0);
  for (int64_t k = 0; k < std::min(most, dimension); ++k) {
    const int64_t row = dimension - 1 - k;
    const double variance = std::max(eigen.values[row], 0.0), deviation = std::sqrt(variance);
    const double* const w = eigen.vectors.data() + row * dimension;
    // Along the step C^(1/2) w / deviation, what is moved goes along A C^(1/2) w / deviation, a vector of length one, which points
    // are projected on.
    std::vector<double> step(dimension, 0.0), projection(dimension, 0.0);
    if (deviation > 0) {
      for (int64_t p = 0; p < dimension; ++p) {
        for (int64_t q = 0; q < dimension; ++q) step[p] += root(p, q) * w[q] / deviation;
      }
      // The sign is free: the largest component is made positive.
      if (*std::max_element(step.begin(), step.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }) < 0) {
        for (double& value : step) value = -value;
      }
      for (int64_t p = 0; p < dimension; ++p) {
        for (int64_t q = 0; q < dimension; ++q) projection[p] += effect(p, q) * step[q];
      }
    }
    result.directions.insert(result.directions.end(), step.begin(), step.end());
    result.projections.insert(result.projections.end(), projection.begin(), projection.end());
    result.deviation.push_back(deviation);
    result.share.push_back(total > 0 ? variance / total : 0);
  }
  return result;
}

}  // namespace cryomer
