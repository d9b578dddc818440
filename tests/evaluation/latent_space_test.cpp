#include "cryomer/evaluation/latent_space.h"

#include <cmath>

#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer {
namespace {

TEST(KMeans, FindsWhatIsApart) {
  Random random(2);
  std::vector<float> points;
  const double centres[3][2] = {{0, 0}, {10, 0}, {0, 10}};
  for (int i = 0; i < 300; ++i) {
    const int c = i < 150 ? 0 : i < 250 ? 1 : 2;
    for (int k = 0; k < 2; ++k) points.push_back(float(centres[c][k] + random.normal()));
  }
  const LatentClusters found = k_means(points, 2, 3, 1);
  EXPECT_EQ(found.size, (std::vector<int64_t>{150, 100, 50}));
  EXPECT_EQ(found.of_point[0], 0);
  EXPECT_EQ(found.of_point[200], 1);
  EXPECT_EQ(found.of_point[299], 2);
  EXPECT_LT(found.representative[0], 150);
  EXPECT_LT(std::abs(points[2 * found.representative[0]]), 0.6);
  EXPECT_EQ(k_means(points, 2, 3, 1).of_point, found.of_point);
}

TEST(KMeans, MakesNoMoreClustersThanThereAreDifferentPoints) {
  const LatentClusters found = k_means({1, 1, 1, 5, 5}, 1, 4, 1);
  EXPECT_EQ(found.size, (std::vector<int64_t>{3, 2}));
  EXPECT_EQ(k_means({1}, 1, 8, 1).size, (std::vector<int64_t>{1}));
  testing::error_of([] { k_means({1}, 1, 0, 1); });
}

TEST(DensityAlong, IsWhereThePosteriorsAre) {
  Random random(3);
  std::vector<float> means, deviations;
  for (int i = 0; i < 2000; ++i) {
    means.push_back(float((i % 2 ? 5 : -5) + 0.1 * random.normal()));
    means.push_back(float(0.1 * random.normal()));
    deviations.push_back(0.5f);
    deviations.push_back(0.5f);
  }
  const LatentDirections axes = principal_directions(means, 2, 2);
  const DensityGrid grid = density_along(axes, 0, 1, means, deviations, 40);
  double sum = 0, left = 0, middle = 0;
  for (int64_t y = 0; y < 40; ++y) {
    for (int64_t x = 0; x < 40; ++x) {
      const double value = grid.density[y * 40 + x], at = grid.x_low + (double(x) + 0.5) * (grid.x_high - grid.x_low) / 40;
      sum += value;
      if (at < -3) left += value;
      if (std::abs(at) < 2) middle += value;
    }
  }
  EXPECT_NEAR(sum, 1, 1e-9);
  EXPECT_NEAR(left, 0.5, 0.02);
  EXPECT_LT(middle, 1e-3);
}

}  // namespace
}  // namespace cryomer
