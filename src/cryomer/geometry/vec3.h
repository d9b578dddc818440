// Points, vectors and 3x3 matrices in double precision, for the few computations that are not batched.
#pragma once

#include <array>
#include <cmath>

#include "cryomer/base/host_device.h"

namespace cryomer {

struct Vec3 {
  double x = 0, y = 0, z = 0;

  constexpr double& operator[](int i) { return i == 0 ? x : i == 1 ? y : z; }
  constexpr double operator[](int i) const { return i == 0 ? x : i == 1 ? y : z; }
};

constexpr Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
constexpr Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
constexpr Vec3 operator-(Vec3 a) { return {-a.x, -a.y, -a.z}; }
constexpr Vec3 operator*(double s, Vec3 a) { return {s * a.x, s * a.y, s * a.z}; }
constexpr Vec3 operator*(Vec3 a, double s) { return s * a; }
constexpr Vec3& operator+=(Vec3& a, Vec3 b) { return a = a + b; }
constexpr double dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
constexpr Vec3 cross(Vec3 a, Vec3 b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
CRYOMER_HOST_DEVICE inline double norm(Vec3 a) { return std::sqrt(dot(a, a)); }
inline Vec3 normalized(Vec3 a) { return (1.0 / norm(a)) * a; }
// Of the bonds a-b, b-c, c-d about b-c: radians, -pi to pi, IUPAC sign.
CRYOMER_HOST_DEVICE inline double torsion_angle(Vec3 a, Vec3 b, Vec3 c, Vec3 d) {
  const Vec3 axis = c - b, m = cross(b - a, axis), n = cross(axis, d - c);
  return std::atan2(norm(axis) * dot(b - a, n), dot(m, n));
}

// Row-major: element(row, column).
struct Mat3 {
  std::array<double, 9> values{1, 0, 0, 0, 1, 0, 0, 0, 1};

  double& operator()(int row, int column) { return values[3 * row + column]; }
  double operator()(int row, int column) const { return values[3 * row + column]; }
  Vec3 row(int i) const { return {(*this)(i, 0), (*this)(i, 1), (*this)(i, 2)}; }
  Vec3 column(int j) const { return {(*this)(0, j), (*this)(1, j), (*this)(2, j)}; }

  static Mat3 from_columns(Vec3 a, Vec3 b, Vec3 c) { return {{a.x, b.x, c.x, a.y, b.y, c.y, a.z, b.z, c.z}}; }
};

inline Vec3 operator*(const Mat3& m, Vec3 v) { return {dot(m.row(0), v), dot(m.row(1), v), dot(m.row(2), v)}; }
inline Mat3 operator*(const Mat3& a, const Mat3& b) {
  return Mat3::from_columns(a * b.column(0), a * b.column(1), a * b.column(2));
}
inline Mat3 transposed(const Mat3& m) { return Mat3::from_columns(m.row(0), m.row(1), m.row(2)); }
inline double determinant(const Mat3& m) { return dot(m.row(0), cross(m.row(1), m.row(2))); }
inline double trace(const Mat3& m) { return m(0, 0) + m(1, 1) + m(2, 2); }

}  // namespace cryomer
