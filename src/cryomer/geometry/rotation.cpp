#include "cryomer/geometry/rotation.h"

#include <algorithm>

#include "cryomer/base/units.h"
#include "cryomer/geometry/symmetric_eigen.h"

namespace cryomer {

Mat3 rotation_from_euler(EulerAngles angles) {
  const double ca = std::cos(angles.rot), sa = std::sin(angles.rot);
  const double cb = std::cos(angles.tilt), sb = std::sin(angles.tilt);
  const double cg = std::cos(angles.psi), sg = std::sin(angles.psi);
  return {{cg * cb * ca - sg * sa, cg * cb * sa + sg * ca, -cg * sb,   //
           -sg * cb * ca - cg * sa, -sg * cb * sa + cg * ca, sg * sb,  //
           sb * ca, sb * sa, cb}};
}

EulerAngles euler_from_rotation(const Mat3& a) {
  const double sin_tilt = std::hypot(a(2, 0), a(2, 1));
  EulerAngles angles;
  angles.tilt = std::atan2(sin_tilt, a(2, 2));
  if (sin_tilt > 1e-7) {
    angles.rot = std::atan2(a(2, 1), a(2, 0));
    angles.psi = std::atan2(a(1, 2), -a(0, 2));
  } else {
    // At the poles only one in-plane angle is determined; psi takes it all.
    angles.tilt = a(2, 2) > 0 ? 0 : kPi;
    angles.psi = std::atan2(a(0, 1), a(1, 1));
  }
  return angles;
}

Mat3 rotation_from_two_vectors(Vec3 v1, Vec3 v2) {
  const Vec3 e1 = normalized(v1);
  const Vec3 e2 = normalized(v2 - dot(e1, v2) * e1);
  return Mat3::from_columns(e1, e2, cross(e1, e2));
}

Mat3 rotation_from_vector(Vec3 v) {
  const double angle = norm(v);
  // sin(a)/a and (1-cos(a))/a^2, by series near zero.
  const double s = angle > 1e-4 ? std::sin(angle) / angle : 1 - angle * angle / 6;
  const double c = angle > 1e-4 ? (1 - std::cos(angle)) / (angle * angle) : 0.5 - angle * angle / 24;
  const double d = std::cos(angle);
  return {{d + c * v.x * v.x, c * v.x * v.y - s * v.z, c * v.x * v.z + s * v.y,  //
           c * v.x * v.y + s * v.z, d + c * v.y * v.y, c * v.y * v.z - s * v.x,  //
           c * v.x * v.z - s * v.y, c * v.y * v.z + s * v.x, d + c * v.z * v.z}};
}

Vec3 vector_from_rotation(const Mat3& rotation) {
  Quaternion q = quaternion_from_rotation(rotation);
  if (q.w < 0) q = {-q.w, -q.x, -q.y, -q.z};
  const Vec3 axis{q.x, q.y, q.z};
  const double sine = norm(axis);
  const double scale = sine > 1e-9 ? 2 * std::atan2(sine, q.w) / sine : 2;
  return scale * axis;
}

Mat3 rotation_from_quaternion(Quaternion q) {
  const double n = std::sqrt(q.w * q.w + q.x * q.x + q.y * q.y + q.z * q.z);
  const double w = q.w / n, x = q.x / n, y = q.y / n, z = q.z / n;
  return {{1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),  //
           2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),  //
           2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)}};
}

Quaternion quaternion_from_rotation(const Mat3& m) {
  // The largest of the four squared components is computed directly, the others follow from the off-diagonals.
  const double t[4] = {trace(m), m(0, 0), m(1, 1), m(2, 2)};
  const int largest = static_cast<int>(std::max_element(t, t + 4) - t);
  Quaternion q;
  if (largest == 0) {
    q.w = 0.5 * std::sqrt(std::max(0.0, 1 + t[0]));
    const double f = 0.25 / q.w;
    q = {q.w, f * (m(2, 1) - m(1, 2)), f * (m(0, 2) - m(2, 0)), f * (m(1, 0) - m(0, 1))};
  } else if (largest == 1) {
    q.x = 0.5 * std::sqrt(std::max(0.0, 1 + 2 * m(0, 0) - t[0]));
    const double f = 0.25 / q.x;
    q = {f * (m(2, 1) - m(1, 2)), q.x, f * (m(0, 1) + m(1, 0)), f * (m(0, 2) + m(2, 0))};
  } else if (largest == 2) {
    q.y = 0.5 * std::sqrt(std::max(0.0, 1 + 2 * m(1, 1) - t[0]));
    const double f = 0.25 / q.y;
    q = {f * (m(0, 2) - m(2, 0)), f * (m(0, 1) + m(1, 0)), q.y, f * (m(1, 2) + m(2, 1))};
  } else {
    q.z = 0.5 * std::sqrt(std::max(0.0, 1 + 2 * m(2, 2) - t[0]));
    const double f = 0.25 / q.z;
    q = {f * (m(1, 0) - m(0, 1)), f * (m(0, 2) + m(2, 0)), f * (m(1, 2) + m(2, 1)), q.z};
  }
  return q;
}

Mat3 random_rotation(Random& random) {
  const double u = random.uniform();
  const double a = 2 * kPi * random.uniform(), b = 2 * kPi * random.uniform();
  const double r = std::sqrt(1 - u), s = std::sqrt(u);
  return rotation_from_quaternion({s * std::cos(b), r * std::sin(a), r * std::cos(a), s * std::sin(b)});
}

double rotation_distance(const Mat3& a, const Mat3& b) {
  return norm(vector_from_rotation(transposed(a) * b));
}

Mat3 nearest_rotation(const Mat3& m) {
  // Horn 1987: the quaternion that maximises trace(R^T m) is the top eigenvector of a symmetric 4x4 matrix.
  const double k[4][4] = {
      {m(0, 0) + m(1, 1) + m(2, 2), m(2, 1) - m(1, 2), m(0, 2) - m(2, 0), m(1, 0) - m(0, 1)},
      {m(2, 1) - m(1, 2), m(0, 0) - m(1, 1) - m(2, 2), m(0, 1) + m(1, 0), m(0, 2) + m(2, 0)},
      {m(0, 2) - m(2, 0), m(0, 1) + m(1, 0), m(1, 1) - m(0, 0) - m(2, 2), m(1, 2) + m(2, 1)},
      {m(1, 0) - m(0, 1), m(0, 2) + m(2, 0), m(1, 2) + m(2, 1), m(2, 2) - m(0, 0) - m(1, 1)}};
  std::vector<double> matrix(&k[0][0], &k[0][0] + 16);
  const SymmetricEigen eigen = symmetric_eigen(matrix, 4);
  const double* top = &eigen.vectors[4 * 3];
  return rotation_from_quaternion({top[0], top[1], top[2], top[3]});
}

}  // namespace cryomer
