#include "cryomer/evaluation/conformations.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "testing.h"

namespace cryomer {
namespace {

TEST(Sampled, UsesASetOfExactlyNWhole) {
  Random random(1);
  EXPECT_EQ(sampled(5, 5, random), (std::vector<int64_t>{0, 1, 2, 3, 4}));
}

TEST(Sampled, DrawsFromALargerSetWithoutRepetition) {
  Random random(2);
  std::set<int64_t> seen;
  for (int trial = 0; trial < 50; ++trial) {
    const std::vector<int64_t> draw = sampled(10, 7, random);
    EXPECT_EQ(std::set<int64_t>(draw.begin(), draw.end()).size(), 7u);
    seen.insert(draw.begin(), draw.end());
  }
  EXPECT_EQ(seen.size(), 10u);
  EXPECT_EQ(*seen.rbegin(), 9);
}

TEST(Sampled, DrawsFromASmallerSetWithRepetition) {
  Random random(3);
  const std::vector<int64_t> draw = sampled(3, 3000, random);
  for (int64_t i = 0; i < 3; ++i) {
    // 1000 expected, 5 standard errors.
    EXPECT_NEAR(static_cast<double>(std::count(draw.begin(), draw.end(), i)), 1000,
                5 * std::sqrt(3000 * 2.0 / 9));
  }
}

TEST(SampledByWeight, TakesEachByItsShareUpToOne) {
  Random random(4);
  const std::vector<double> weights = {0, 5, 1.5, 3, 0, 0.5};
  for (int trial = 0; trial < 50; ++trial) {
    const std::vector<int64_t> draw = sampled_by_weight(weights, 12, random);
    ASSERT_EQ(draw.size(), 12u);
    for (size_t i = 0; i < weights.size(); ++i) {
      const double share = weights[i] / 10 * 12;
      const auto taken = static_cast<double>(std::count(draw.begin(), draw.end(), static_cast<int64_t>(i)));
      EXPECT_GE(taken, std::floor(share)) << i;
      EXPECT_LE(taken, std::ceil(share)) << i;
    }
  }
}

// The mean over many draws is the share: 5 standard errors of an independent draw, which varies more.
TEST(SampledByWeight, IsUnbiased) {
  Random random(5);
  const std::vector<double> weights = {1, 2, 4};
  std::vector<double> taken(3, 0.0);
  const int trials = 4000;
  for (int trial = 0; trial < trials; ++trial) ++taken[sampled_by_weight(weights, 1, random)[0]];
  for (int i = 0; i < 3; ++i) {
    const double share = weights[i] / 7;
    EXPECT_NEAR(taken[i] / trials, share, 5 * std::sqrt(share * (1 - share) / trials));
  }
}

TEST(SampledByWeight, WithEqualWeightsTakesEachOnce) {
  Random random(6);
  std::vector<int64_t> draw = sampled_by_weight(std::vector<double>(9, 0.1), 9, random);
  std::sort(draw.begin(), draw.end());
  for (int64_t i = 0; i < 9; ++i) EXPECT_EQ(draw[i], i);
}

TEST(NormalisedWeights, RefusesWhatIsNoWeight) {
  EXPECT_EQ(normalised_weights({}, 4, "truth"), std::vector<double>(4, 0.25));
  EXPECT_EQ(normalised_weights({1, 3}, 2, "truth"), (std::vector<double>{0.25, 0.75}));
  EXPECT_NE(testing::error_of([] {
              normalised_weights({1, 2}, 3, "truth");
            }).find("2 weights for the 3 conformations"),
            std::string::npos);
  EXPECT_NE(testing::error_of([] {
              normalised_weights({1, -2}, 2, "truth");
            }).find("weight 2 of the truth"),
            std::string::npos);
  EXPECT_NE(testing::error_of([] {
              normalised_weights({1, std::nan("")}, 2, "truth");
            }).find("is nan"),
            std::string::npos);
  EXPECT_NE(testing::error_of([] {
              normalised_weights({0, 0}, 2, "truth");
            }).find("sum to 0"),
            std::string::npos);
}

TEST(Selected, TakesConformationsAndAtomsInTheOrderGiven) {
  Ensemble ensemble{2, {1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16}};
  const Ensemble chosen = selected(ensemble, {1, 1, 0}, {1});
  EXPECT_EQ(chosen.atom_count, 1);
  EXPECT_EQ(chosen.coordinates, (std::vector<float>{14, 15, 16, 14, 15, 16, 4, 5, 6}));
}

}  // namespace
}  // namespace cryomer
