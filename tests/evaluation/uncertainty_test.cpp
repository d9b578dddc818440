#include "cryomer/evaluation/uncertainty.h"

#include <cmath>

#include "cryomer/base/random.h"
#include "cryomer/evaluation/correlation.h"
#include "testing.h"

namespace cryomer {
namespace {

TEST(Uncertainty, IsRightWhenErrorsAreAsLargeAsStated) {
  Random random(1);
  std::vector<double> stated, actual, doubled;
  for (int i = 0; i < 20000; ++i) {
    stated.push_back(0.5 + 2 * random.uniform());
    actual.push_back(stated.back() * random.normal());
    doubled.push_back(2 * actual.back());
  }
  const UncertaintyCheck check = check_uncertainty(stated, actual, 5);
  EXPECT_NEAR(check.ratio, 1, 0.03);
  EXPECT_GT(check.rank_r, 0.3);
  ASSERT_EQ(check.bins.size(), 5u);
  for (const UncertaintyBin& bin : check.bins) {
    EXPECT_EQ(bin.particles, 4000);
    EXPECT_NEAR(bin.actual / bin.stated, 1, 0.06);
  }
  EXPECT_LT(check.bins[0].stated, check.bins[4].stated);
  EXPECT_NEAR(check_uncertainty(stated, doubled, 5).ratio, 2, 0.06);
}

TEST(Uncertainty, ThatHasNothingToDoWithErrorsIsUncorrelated) {
  Random random(2);
  std::vector<double> stated, actual;
  for (int i = 0; i < 5000; ++i) {
    stated.push_back(random.uniform());
    actual.push_back(random.normal());
  }
  EXPECT_NEAR(check_uncertainty(stated, actual).rank_r, 0, 0.06);
  EXPECT_EQ(check_uncertainty({1}, {2}).bins.size(), 1u);
  testing::error_of([] { check_uncertainty({1, 2}, {1}); });
}

TEST(RankCorrelation, SharesRanksOfTies) {
  EXPECT_NEAR(rank_correlation({1, 2, 3, 4}, {10, 100, 1000, 1e6}), 1, 1e-12);
  EXPECT_NEAR(rank_correlation({1, 2, 3}, {3, 2, 1}), -1, 1e-12);
  // Ranks 0.5 0.5 2 3 against 0 1 2 3.
  EXPECT_NEAR(rank_correlation({5, 5, 7, 9}, {1, 2, 3, 4}), 4.5 / std::sqrt(4.5 * 5.0), 1e-12);
}

}  // namespace
}  // namespace cryomer
