#include "cryomer/report/principal_components.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/error.h"
#include "cryomer/geometry/symmetric_eigen.h"

namespace cryomer {

namespace {

// Square matrices of the dimension's size, row after row.
struct Matrix {
  int64_t size;
  std::vector<double> values;

  double& operator()(int64_t row, int64_t column) { return values[row * size + column]; }
  double operator()(int64_t row, int64_t column) const { return values[row * size + column]; }
};

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix c{a.size, std::vector<double>(a.values.size(), 0.0)};
  for (int64_t p = 0; p < a.size; ++p) {
    for (int64_t k = 0; k < a.size; ++k) {
      for (int64_t q = 0; q < a.size; ++q) c(p, q) += a(p, k) * b(k, q);
    }
  }
  return c;
}

Matrix square_root(const Matrix& a) {
  const SymmetricEigen eigen = symmetric_eigen(a.values, static_cast<int>(a.size));
  Matrix root{a.size, std::vector<double>(a.values.size(), 0.0)};
  for (int64_t k = 0; k < a.size; ++k) {
    const double length = std::sqrt(std::max(eigen.values[k], 0.0));
    const double* const v = eigen.vectors.data() + k * a.size;
    for (int64_t p = 0; p < a.size; ++p) {
      for (int64_t q = 0; q < a.size; ++q) root(p, q) += length * v[p] * v[q];
    }
  }
  return root;
}

}  // namespace

PrincipalComponents principal_components(const std::vector<float>& values, int64_t points, int64_t dimension, int64_t count,
                                         const PointSpread& spread) {
  if (points < 1 || dimension < 1 || int64_t(values.size()) != points * dimension) {
    fail("principal components: {} values are not {} points of {} dimensions", values.size(), points, dimension);
  }
  if (!spread.variances.empty() && spread.variances.size() != values.size()) {
    fail("principal components: {} variances for {} values", spread.variances.size(), values.size());
  }
  if (!spread.effects.empty() && int64_t(spread.effects.size()) != dimension) {
    fail("principal components: effects of {} of {} dimensions", spread.effects.size(), dimension);
  }
  PrincipalComponents result;
  result.mean.assign(dimension, 0.0);
  const Matrix zero{dimension, std::vector<double>(dimension * dimension, 0.0)};
  for (int64_t i = 0; i < points; ++i) {
    for (int64_t k = 0; k < dimension; ++k) result.mean[k] += values[i * dimension + k] / double(points);
  }
  const auto centred = [&](int64_t i, int64_t k) { return values[i * dimension + k] - result.mean[k]; };
  Matrix covariance = zero, effect = zero;  // C, and A^T A
  for (int64_t i = 0; i < points; ++i) {
    for (int64_t p = 0; p < dimension; ++p) {
      for (int64_t q = 0; q < dimension; ++q) covariance(p, q) += centred(i, p) * centred(i, q) / double(points);
      if (!spread.variances.empty()) covariance(p, p) += spread.variances[i * dimension + p] / double(points);
    }
  }
  for (int64_t p = 0; p < dimension; ++p) {
    for (int64_t q = 0; q < dimension; ++q) {
      if (spread.effects.empty()) {
        effect(p, q) = p == q;
        continue;
      }
      for (size_t e = 0; e < spread.effects[p].size(); ++e) effect(p, q) += spread.effects[p][e] * spread.effects[q][e];
    }
  }
  const Matrix root = square_root(covariance), moved = product(product(root, effect), root);
  const SymmetricEigen eigen = symmetric_eigen(moved.values, static_cast<int>(dimension));
  double total = 0;
  for (const double value : eigen.values) total += value;
  for (int64_t component = 0; component < std::min(count, dimension); ++component) {
    const int64_t row = dimension - 1 - component;
    const double deviation = std::sqrt(std::max(eigen.values[row], 0.0));
    const double* const w = eigen.vectors.data() + row * dimension;
    // Along the direction C^(1/2) w / deviation, what is moved goes along A C^(1/2) w / deviation, a vector of length one, which
    // points are projected on.
    std::vector<double> direction(dimension, 0.0), across(dimension, 0.0), projected(points, 0.0);
    if (deviation > 0) {
      for (int64_t p = 0; p < dimension; ++p) {
        for (int64_t q = 0; q < dimension; ++q) direction[p] += root(p, q) * w[q] / deviation;
      }
      for (int64_t p = 0; p < dimension; ++p) {
        for (int64_t q = 0; q < dimension; ++q) across[p] += effect(p, q) * direction[q];
      }
    }
    for (int64_t i = 0; i < points; ++i) {
      for (int64_t k = 0; k < dimension; ++k) projected[i] += across[k] * centred(i, k);
    }
    result.direction.push_back(std::move(direction));
    result.projected.push_back(std::move(projected));
    result.share.push_back(total > 0 ? eigen.values[row] / total : 0);
  }
  return result;
}

}  // namespace cryomer
