// Images and numbers that pictures are made of.
#include <cmath>
#include <numeric>

#include "cryomer/base/random.h"
#include "cryomer/base/units.h"
#include "cryomer/geometry/rotation.h"
#include "cryomer/report/color_ramp.h"
#include "cryomer/report/direction_map.h"
#include "cryomer/report/gray_image.h"
#include "cryomer/report/principal_components.h"
#include "testing.h"

namespace cryomer {
namespace {

TEST(GrayImage, LowPassHalvesAWaveOfTheResolution) {
  // A wave of 16 pixels along x, low-passed to 16 A at 1 A a pixel.
  GrayImage wave{96, std::vector<float>(96 * 96)};
  for (int y = 0; y < 96; ++y) {
    for (int x = 0; x < 96; ++x) wave.values[y * 96 + x] = float(std::cos(2 * kPi * x / 16));
  }
  const GrayImage filtered = low_passed(wave, 16, 1);
  for (const int x : {40, 48, 53}) EXPECT_NEAR(filtered.values[50 * 96 + x], 0.5 * wave.values[50 * 96 + x], 0.01) << x;
}

TEST(GrayImage, LowPassKeepsAConstant) {
  const GrayImage flat{20, std::vector<float>(400, 3.5f)};
  for (const float value : low_passed(flat, 12, 1.2).values) EXPECT_NEAR(value, 3.5, 1e-5);
}

TEST(GrayImage, BinsByMeansAndLeavesTheRestOut) {
  const GrayImage image{3, {1, 2, 9, 3, 6, 9, 9, 9, 9}};
  const GrayImage small = binned(image, 2);
  EXPECT_EQ(small.size, 1);
  EXPECT_EQ(small.values, (std::vector<float>{3}));
}

TEST(GrayImage, LevelsPutZeroInTheMiddleAndClampTheEnds) {
  EXPECT_EQ(gray_levels({2, {0, 1, -1, 50}}, 1), (std::vector<uint8_t>{128, 255, 0, 255}));
}

TEST(PrincipalComponents, FindTheDirectionsOfAStretchedCloud) {
  Random random(3);
  const Vec3 along = normalized({1, 2, -1}), across = normalized(cross(along, {0, 0, 1}));
  std::vector<float> points;
  std::vector<double> first;
  for (int i = 0; i < 5000; ++i) {
    first.push_back(3 * random.normal());
    const Vec3 x = Vec3{7, -2, 1} + first.back() * along + random.normal() * across;
    for (int k = 0; k < 3; ++k) points.push_back(float(x[k]));
  }
  const PrincipalComponents found = principal_components(points, 5000, 3, 2);
  EXPECT_NEAR(found.share[0], 0.9, 0.01);
  EXPECT_NEAR(found.share[0] + found.share[1], 1, 1e-6);
  EXPECT_NEAR(std::abs(found.direction[0][0] * along.x + found.direction[0][1] * along.y + found.direction[0][2] * along.z), 1, 1e-3);
  const double mean = std::accumulate(first.begin(), first.end(), 0.0) / 5000;
  const double sign = found.projected[0][0] * (first[0] - mean) > 0 ? 1 : -1;
  for (int i = 0; i < 5000; i += 500) EXPECT_NEAR(sign * found.projected[0][i], first[i] - mean, 0.15);
}

TEST(PrincipalComponents, OfOneDimensionHaveNoSecond) {
  const PrincipalComponents found = principal_components({1, 2, 4}, 3, 1, 3);
  EXPECT_EQ(found.projected.size(), 1u);
  EXPECT_NEAR(found.share[0], 1, 1e-12);
}

TEST(PrincipalComponents, CountTheWidthOfEachPoint) {
  // Points along x only, but each is wide along y.
  const std::vector<float> points = {-1, 0, 1, 0}, variances = {0, 3, 0, 3};
  const PrincipalComponents found = principal_components(points, 2, 2, 2, {variances, {}});
  EXPECT_NEAR(found.share[0], 0.75, 1e-9);
  EXPECT_NEAR(std::abs(found.direction[0][1]), 1, 1e-9);
  EXPECT_NEAR(found.projected[0][0], 0, 1e-9);
}

TEST(PrincipalComponents, AreThoseOfWhatThePointsMove) {
  // y spreads more than x, but x moves what is moved ten times as far.
  Random random(2);
  std::vector<float> points;
  for (int i = 0; i < 4000; ++i) {
    points.push_back(float(random.normal()));
    points.push_back(float(2 * random.normal()));
  }
  const PointSpread spread{{}, {{6, 8, 0}, {0, 0, 1}}};
  const PrincipalComponents found = principal_components(points, 4000, 2, 2, spread);
  EXPECT_NEAR(found.share[0], 100.0 / 104, 0.005);
  // A unit along the first direction moves by one: a tenth of x.
  EXPECT_NEAR(std::abs(found.direction[0][0]), 0.1, 1e-3);
  for (int i = 0; i < 10; ++i) EXPECT_NEAR(std::abs(found.projected[0][i]), std::abs(10 * points[2 * i]), 0.5);
}

TEST(DirectionCounts, CellsHoldEqualShares) {
  Random random(11);
  std::vector<Vec3> directions;
  for (int i = 0; i < 60000; ++i) directions.push_back(random_rotation(random).row(2));
  const DirectionCounts counts = count_directions(directions, 6, 10);
  EXPECT_EQ(counts.total, 60000);
  // 1000 expected in each cell; 5.5 standard deviations miss by chance in one run of a million.
  for (const int64_t count : counts.counts) EXPECT_NEAR(double(count), 1000, 5.5 * std::sqrt(1000.0));
}

TEST(ColorRamp, RunsFromBlueToOrangeAndClamps) {
  EXPECT_EQ(ramp_color(-1), ramp_color(0));
  EXPECT_EQ(ramp_color(2), ramp_color(1));
  EXPECT_EQ(ramp_color(std::nan("")), ramp_color(0));
  EXPECT_EQ(ramp_color(0), "#2a64b0");
  EXPECT_EQ(ramp_color(1), "#e0600c");
}

}  // namespace
}  // namespace cryomer
