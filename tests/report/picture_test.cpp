// Images and numbers that pictures are made of.
#include <cmath>

#include "cryomer/base/random.h"
#include "cryomer/base/units.h"
#include "cryomer/geometry/rotation.h"
#include "cryomer/report/color_ramp.h"
#include "cryomer/report/direction_map.h"
#include "cryomer/report/gray_image.h"
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
