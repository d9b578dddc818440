#include "cryomer/evaluation/latent_directions.h"

#include <cmath>

#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer {
namespace {

TEST(LatentDirections, AreThoseOfLargestVariance) {
  Random random(1);
  std::vector<float> points;
  for (int i = 0; i < 5000; ++i) {
    const double a = 3 * random.normal(), b = random.normal();
    points.push_back(float(1 + 0.6 * a - 0.8 * b));
    points.push_back(float(2 + 0.8 * a + 0.6 * b));
    points.push_back(float(3 + 0.1 * random.normal()));
  }
  const LatentDirections found = principal_directions(points, 3, 2);
  ASSERT_EQ(found.count(), 2);
  EXPECT_NEAR(found.deviation[0], 3, 0.1);
  EXPECT_NEAR(found.deviation[1], 1, 0.05);
  EXPECT_NEAR(found.directions[0], 0.6, 0.02);
  EXPECT_NEAR(found.directions[1], 0.8, 0.02);
  EXPECT_NEAR(found.share[0], 0.9, 0.01);
  const std::vector<float> far = found.point(0, 10);
  EXPECT_NEAR(far[1], 2 + 8, 0.2);
  EXPECT_NEAR(found.along(0, far)[0], 10, 1e-4);
  testing::error_of([&] { principal_directions({1, 2, 3}, 2, 1); });
}

TEST(LatentDirections, OfOneDimensionHaveNoSecond) {
  const LatentDirections found = principal_directions({1, 2, 4}, 1, 3);
  EXPECT_EQ(found.count(), 1);
  EXPECT_NEAR(found.share[0], 1, 1e-12);
}

TEST(LatentDirections, CountTheWidthOfEachPoint) {
  // Points along x only, but each is wide along y.
  const std::vector<float> points = {-1, 0, 1, 0}, variances = {0, 3, 0, 3};
  const LatentDirections found = principal_directions(points, 2, 2, {variances, {}});
  EXPECT_NEAR(found.share[0], 0.75, 1e-9);
  EXPECT_NEAR(std::abs(found.directions[1]), 1, 1e-9);
  EXPECT_NEAR(found.along(0, points)[0], 0, 1e-9);
}

TEST(LatentDirections, AreThoseOfWhatThePointsMove) {
  // y spreads more than x, but x moves what is moved ten times as far.
  Random random(2);
  std::vector<float> points;
  for (int i = 0; i < 4000; ++i) {
    points.push_back(float(random.normal()));
    points.push_back(float(2 * random.normal()));
  }
  const PointSpread spread{{}, {{6, 8, 0}, {0, 0, 1}}};
  const LatentDirections found = principal_directions(points, 2, 2, spread);
  EXPECT_NEAR(found.share[0], 100.0 / 104, 0.005);
  // A unit along the first direction moves by one: a tenth of x.
  EXPECT_NEAR(std::abs(found.directions[0]), 0.1, 1e-3);
  EXPECT_NEAR(found.deviation[0], 10, 0.3);
  const std::vector<double> along = found.along(0, points);
  for (int i = 0; i < 10; ++i) EXPECT_NEAR(std::abs(along[i]), std::abs(10 * points[2 * i]), 0.5);
  // A step along a direction is seen by it alone.
  EXPECT_NEAR(found.along(0, found.point(0, 3))[0], 3, 1e-5);
  EXPECT_NEAR(found.along(1, found.point(0, 3))[0], 0, 1e-5);
}

}  // namespace
}  // namespace cryomer
