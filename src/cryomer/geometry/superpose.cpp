#include "cryomer/geometry/superpose.h"

#include <algorithm>

#include "cryomer/geometry/rotation.h"

namespace cryomer {

RigidTransform compose(const RigidTransform& outer, const RigidTransform& inner) {
  return {outer.rotation * inner.rotation, outer.rotation * inner.translation + outer.translation};
}

RigidTransform inverse(const RigidTransform& transform) {
  const Mat3 back = transposed(transform.rotation);
  return {back, -(back * transform.translation)};
}

namespace {

Vec3 point(const float* points, size_t i) { return {points[3 * i], points[3 * i + 1], points[3 * i + 2]}; }

Vec3 centroid(const float* points, size_t n) {
  Vec3 sum;
  for (size_t i = 0; i < n; ++i) sum += point(points, i);
  return (1.0 / static_cast<double>(n)) * sum;
}

}  // namespace

Superposition superpose(const float* mobile, const float* target, size_t n) {
  const Vec3 mobile_centre = centroid(mobile, n), target_centre = centroid(target, n);
  Mat3 correlation{{0, 0, 0, 0, 0, 0, 0, 0, 0}};
  for (size_t i = 0; i < n; ++i) {
    const Vec3 m = point(mobile, i) - mobile_centre, t = point(target, i) - target_centre;
    for (int row = 0; row < 3; ++row) {
      for (int column = 0; column < 3; ++column) correlation(row, column) += t[row] * m[column];
    }
  }
  Superposition result;
  result.transform.rotation = nearest_rotation(correlation);
  result.transform.translation = target_centre - result.transform.rotation * mobile_centre;
  double sum = 0;
  for (size_t i = 0; i < n; ++i) {
    const Vec3 difference = result.transform.apply(point(mobile, i)) - point(target, i);
    sum += dot(difference, difference);
  }
  result.rmsd = std::sqrt(sum / static_cast<double>(n));
  return result;
}

}  // namespace cryomer
