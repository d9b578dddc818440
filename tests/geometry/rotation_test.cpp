#include "cryomer/geometry/rotation.h"

#include "cryomer/base/units.h"
#include "cryomer/geometry/superpose.h"
#include "cryomer/geometry/symmetric_eigen.h"
#include "testing.h"

namespace cryomer {
namespace {

double difference(const Mat3& a, const Mat3& b) {
  double largest = 0;
  for (int i = 0; i < 9; ++i) largest = std::max(largest, std::abs(a.values[i] - b.values[i]));
  return largest;
}

Mat3 about_z(double a) { return {{std::cos(a), -std::sin(a), 0, std::sin(a), std::cos(a), 0, 0, 0, 1}}; }
Mat3 about_y(double a) { return {{std::cos(a), 0, std::sin(a), 0, 1, 0, -std::sin(a), 0, std::cos(a)}}; }

TEST(EulerAngles, AreRelionsZyz) {
  const EulerAngles e{0.3, 1.1, -2.0};
  EXPECT_LT(difference(rotation_from_euler(e), about_z(-e.psi) * about_y(-e.tilt) * about_z(-e.rot)), 1e-15);
}

TEST(EulerAngles, SurviveTheRoundTrip) {
  Random random(11);
  for (int i = 0; i < 1000; ++i) {
    const Mat3 r = random_rotation(random);
    EXPECT_LT(difference(rotation_from_euler(euler_from_rotation(r)), r), 1e-12);
  }
  for (const double tilt : {0.0, kPi, 1e-9}) {
    const Mat3 r = rotation_from_euler({0.4, tilt, 1.3});
    EXPECT_LT(difference(rotation_from_euler(euler_from_rotation(r)), r), 1e-7) << tilt;
  }
}

TEST(Rotation, SurvivesTheRoundTripThroughVectorAndQuaternion) {
  Random random(12);
  for (int i = 0; i < 1000; ++i) {
    const Mat3 r = random_rotation(random);
    EXPECT_NEAR(determinant(r), 1, 1e-12);
    EXPECT_LT(difference(rotation_from_vector(vector_from_rotation(r)), r), 1e-7);
    EXPECT_LT(difference(rotation_from_quaternion(quaternion_from_rotation(r)), r), 1e-12);
  }
  EXPECT_NEAR(norm(vector_from_rotation(rotation_from_vector({0, 0, kPi}))), kPi, 1e-9);
}

TEST(Rotation, DistanceIsTheAngleBetween) {
  Random random(13);
  const Mat3 r = random_rotation(random);
  const Vec3 axis = normalized({1, -2, 0.5});
  for (const double angle : {0.0, 1e-6, 0.5, 3.0}) {
    EXPECT_NEAR(rotation_distance(r, r * rotation_from_vector(angle * axis)), angle, 1e-7);
  }
}

TEST(RotationFromTwoVectors, IsGramSchmidt) {
  const Mat3 r = rotation_from_two_vectors({2, 0, 0}, {3, 0.5, 0});
  EXPECT_LT(difference(r, Mat3{}), 1e-15);
  EXPECT_NEAR(determinant(rotation_from_two_vectors({1, 2, 3}, {-1, 0.3, 2})), 1, 1e-12);
}

// Uniform rotations: each matrix element has mean 0 and variance 1/3; 5 standard errors, fixed seed.
TEST(RandomRotation, IsUniform) {
  Random random(14);
  const int n = 20000;
  Mat3 mean{{0, 0, 0, 0, 0, 0, 0, 0, 0}}, square = mean;
  for (int i = 0; i < n; ++i) {
    const Mat3 r = random_rotation(random);
    for (int k = 0; k < 9; ++k) {
      mean.values[k] += r.values[k] / n;
      square.values[k] += r.values[k] * r.values[k] / n;
    }
  }
  for (int k = 0; k < 9; ++k) {
    EXPECT_NEAR(mean.values[k], 0, 5 * std::sqrt(1.0 / 3 / n));
    EXPECT_NEAR(square.values[k], 1.0 / 3, 5 * std::sqrt((1.0 / 5 - 1.0 / 9) / n));
  }
}

TEST(SymmetricEigen, DiagonalisesAMatrix) {
  const std::vector<double> m = {4, 1, -2, 1, 3, 0.5, -2, 0.5, 1};
  const SymmetricEigen eigen = symmetric_eigen(m, 3);
  for (int i = 0; i < 3; ++i) {
    for (int row = 0; row < 3; ++row) {
      double product = 0;
      for (int column = 0; column < 3; ++column) product += m[3 * row + column] * eigen.vectors[3 * i + column];
      EXPECT_NEAR(product, eigen.values[i] * eigen.vectors[3 * i + row], 1e-12);
    }
  }
  EXPECT_LE(eigen.values[0], eigen.values[1]);
}

TEST(Superpose, FindsAKnownTransform) {
  Random random(15);
  std::vector<float> points(3 * 50), moved(3 * 50);
  random.fill_normal(points.data(), points.size());
  const RigidTransform truth{random_rotation(random), {1, -2, 3}};
  for (int i = 0; i < 50; ++i) {
    const Vec3 p = truth.apply({points[3 * i], points[3 * i + 1], points[3 * i + 2]});
    for (int k = 0; k < 3; ++k) moved[3 * i + k] = static_cast<float>(p[k]);
  }
  const Superposition found = superpose(points.data(), moved.data(), 50);
  EXPECT_LT(found.rmsd, 1e-6);
  EXPECT_LT(difference(found.transform.rotation, truth.rotation), 1e-6);
  EXPECT_LT(norm(found.transform.translation - truth.translation), 1e-6);
}

TEST(Superpose, NeverReflects) {
  Random random(16);
  std::vector<float> points(3 * 20), mirrored(3 * 20);
  random.fill_normal(points.data(), points.size());
  for (size_t i = 0; i < points.size(); ++i) mirrored[i] = i % 3 == 2 ? -points[i] : points[i];
  const Superposition found = superpose(points.data(), mirrored.data(), 20);
  EXPECT_NEAR(determinant(found.transform.rotation), 1, 1e-9);
  EXPECT_GT(found.rmsd, 0.3);
}

TEST(RigidTransform, FormsAGroup) {
  Random random(17);
  const RigidTransform a{random_rotation(random), {1, 2, 3}}, b{random_rotation(random), {-1, 0, 2}};
  const Vec3 x{0.3, -0.7, 2};
  EXPECT_LT(norm(compose(a, b).apply(x) - a.apply(b.apply(x))), 1e-12);
  EXPECT_LT(norm(inverse(a).apply(a.apply(x)) - x), 1e-12);
}

}  // namespace
}  // namespace cryomer
