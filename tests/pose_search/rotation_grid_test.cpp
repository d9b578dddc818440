#include "cryomer/pose_search/rotation_grid.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/error.h"
#include "cryomer/base/units.h"
#include "testing.h"

namespace cryomer {
namespace {

TEST(RotationGrid, LeavesNoOrientationFarFromIt) {
  for (const double spacing : {30.0, 15.0}) {
    const std::vector<Mat3> grid = rotation_grid(spacing);
    Random random(3);
    double farthest = 0;
    for (int i = 0; i < 400; ++i) {
      const Mat3 r = random_rotation(random);
      double nearest = 10;
      for (const Mat3& g : grid) nearest = std::min(nearest, rotation_distance(r, g));
      farthest = std::max(farthest, degrees(nearest));
    }
    EXPECT_LT(farthest, 1.1 * spacing) << spacing;
    // No more rotations than a cubic lattice in SO(3) of that spacing would need, give or take: 8 pi^2 / spacing^3.
    EXPECT_LT(double(grid.size()), 1.6 * 8 * kPi * kPi / std::pow(radians(spacing), 3)) << spacing;
  }
}

TEST(RotationGrid, HoldsEachRotationOnce) {
  const std::vector<Mat3> grid = rotation_grid(30);
  for (size_t a = 0; a < grid.size(); ++a) {
    for (size_t b = 0; b < a; ++b) ASSERT_GT(rotation_distance(grid[a], grid[b]), radians(5)) << a << " " << b;
  }
}

TEST(RotationGrid, RefusesSpacingsThatMakeNoSense) {
  for (const double spacing : {0.0, -3.0, 0.5, 120.0}) EXPECT_THROW(rotation_grid(spacing), UsageError) << spacing;
}

}  // namespace
}  // namespace cryomer
