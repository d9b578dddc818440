#include "cryomer/evaluation/marginal.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer {
namespace {

std::vector<double> normals(int n, double mean, double spread, Random& random) {
  std::vector<double> values(n);
  for (double& v : values) v = mean + spread * random.normal();
  return values;
}

TEST(Moments, AreThoseOfTheWeightedValues) {
  const Moments plain = moments({{1, 2, 6}, {}});
  EXPECT_DOUBLE_EQ(plain.mean, 3);
  EXPECT_DOUBLE_EQ(plain.standard_deviation, std::sqrt(14.0 / 3));
  const Moments weighted = moments({{1, 5}, {6, 2}});
  EXPECT_DOUBLE_EQ(weighted.mean, 2);
  EXPECT_DOUBLE_EQ(weighted.standard_deviation, std::sqrt(3.0));
}

// For equal sizes without weights it is the mean distance of the sorted values.
TEST(WassersteinDistance, IsTheMeanDistanceOfSortedValues) {
  Random random(1);
  std::vector<double> a = normals(200, 1, 2, random), b = normals(200, 3, 1, random);
  const double found = wasserstein_distance({a, {}}, {b, {}});
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double expected = 0;
  for (int i = 0; i < 200; ++i) expected += std::abs(a[i] - b[i]) / 200;
  EXPECT_NEAR(found, expected, 1e-12);
}

TEST(WassersteinDistance, MovesWithAShift) {
  Random random(2);
  const std::vector<double> a = normals(37, 0, 1, random);
  std::vector<double> b = a;
  for (double& v : b) v += 0.75;
  EXPECT_NEAR(wasserstein_distance({a, {}}, {b, {}}), 0.75, 1e-12);
  EXPECT_NEAR(wasserstein_distance({b, {}}, {a, {}}), 0.75, 1e-12);
  EXPECT_EQ(wasserstein_distance({a, {}}, {a, {}}), 0);
}

// A weight of three is the same as three copies, and sizes need not agree.
TEST(MarginalDistances, TreatWeightsAsCopies) {
  Random random(3);
  for (int trial = 0; trial < 20; ++trial) {
    Marginal few, many, other;
    other.values = normals(17, 0.5, 2, random);
    for (int i = 0; i < 9; ++i) {
      // Rounded, so that ties within and between the sides occur.
      few.values.push_back(std::round(2 * random.normal()));
      few.weights.push_back(static_cast<double>(random.below(4)));
      if (i == 0) few.weights[0] = 1;
      for (int k = 0; k < few.weights.back(); ++k) many.values.push_back(few.values.back());
      other.values[i] = std::round(other.values[i]);
    }
    EXPECT_NEAR(wasserstein_distance(few, other), wasserstein_distance(many, other), 1e-12);
    EXPECT_NEAR(ks_statistic(few, other), ks_statistic(many, other), 1e-12);
    EXPECT_NEAR(ks_statistic(few, many), 0, 1e-12);
  }
}

TEST(KsStatistic, IsTheLargestDifferenceOfTheDistributions) {
  EXPECT_DOUBLE_EQ(ks_statistic({{1, 2, 3, 4}, {}}, {{2.5, 2.6}, {}}), 0.5);
  EXPECT_DOUBLE_EQ(ks_statistic({{1, 2}, {}}, {{5, 6, 7}, {}}), 1);
  // Ties count together: both have half at 1.
  EXPECT_DOUBLE_EQ(ks_statistic({{1, 2}, {}}, {{1, 1, 3, 3}, {}}), 0.5);
  EXPECT_NEAR(ks_statistic({{1, 1, 2, 2}, {}}, {{1, 2}, {}}), 0, 1e-15);
}

TEST(Marginal, RefusesNoValuesAndTheWrongNumberOfWeights) {
  testing::error_of([] { moments({}); });
  EXPECT_NE(testing::error_of([] {
              ks_statistic({{1, 2}, {1}}, {{1}, {}});
            }).find("2 values has 1 weights"),
            std::string::npos);
}

}  // namespace
}  // namespace cryomer
