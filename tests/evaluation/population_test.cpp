#include "cryomer/evaluation/population.h"

#include <cmath>

#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer {
namespace {

// Particles from two states, each seen through noise, and inferred exactly under a broad normal prior.
struct TwoStates {
  static constexpr double kNear = 10, kFar = 15, kWidth = 0.5, kNoise = 1.5, kPriorMean = 13, kPriorWidth = 2.5;
  std::vector<double> samples, prior, truth;
  int64_t per_particle;

  TwoStates(int particles, int64_t k, uint64_t seed, double far_share = 0.3) : per_particle(k) {
    Random random(seed);
    const double precision = 1 / (kNoise * kNoise) + 1 / (kPriorWidth * kPriorWidth);
    for (int i = 0; i < particles; ++i) {
      const double value = (random.uniform() < far_share ? kFar : kNear) + kWidth * random.normal();
      truth.push_back(value);
      const double seen = value + kNoise * random.normal();
      const double mean = (seen / (kNoise * kNoise) + kPriorMean / (kPriorWidth * kPriorWidth)) / precision;
      for (int64_t s = 0; s < k; ++s) samples.push_back(mean + random.normal() / std::sqrt(precision));
    }
    for (int i = 0; i < 5000; ++i) prior.push_back(kPriorMean + kPriorWidth * random.normal());
  }
  Population estimate() const {
    PopulationOptions options;
    options.cut = 12.5;
    options.has_cut = true;
    options.bootstraps = 40;
    return estimated_population("d", samples, per_particle, prior, options);
  }
};

TEST(Population, UndoesWhatThePriorAndTheNoiseDoToTheAverage) {
  const TwoStates two(3000, 24, 1);
  const Population found = two.estimate();
  double below = 0, mean = 0, square = 0;
  for (const double value : two.truth) {
    below += (value < 12.5) / 3000.0;
    mean += value / 3000;
    square += value * value / 3000;
  }
  const double width = std::sqrt(square - mean * mean);
  EXPECT_NEAR(found.below_cut.value, below, 3 * found.below_cut.error + 0.02);
  EXPECT_NEAR(found.mean.value, mean, 3 * found.mean.error + 0.1);
  EXPECT_NEAR(found.standard_deviation.value, width, 0.25);
  // The average of the posteriors is pulled towards the prior, and the particles' means are too narrow.
  EXPECT_GT(std::abs(found.below_cut.averaged - below), 3 * std::abs(found.below_cut.value - below));
  EXPECT_GT(found.mean.averaged, mean + 0.2);
  EXPECT_LT(found.standard_deviation.of_means, width - 0.2);
  EXPECT_GT(found.below_cut.error, 0.003);
  EXPECT_LT(found.below_cut.error, 0.05);
  // The gap between the states is seen; on average it is filled.
  const auto share_at = [&](const std::vector<double>& shares, double value) {
    size_t nearest = 0;
    for (size_t g = 0; g < shares.size(); ++g) {
      if (std::abs(found.centres[g] - value) < std::abs(found.centres[nearest] - value)) nearest = g;
    }
    return shares[nearest];
  };
  EXPECT_LT(share_at(found.share, 12.7), 0.3 * share_at(found.share, 10));
  EXPECT_GT(share_at(found.averaged, 12.7), 0.5 * share_at(found.averaged, 10));
}

struct OneState {
  double width, prior_mean, prior_width;
};

// One state of a known width, seen through noise of 1.5 A. What is estimated has that width, and nothing piles up at the ends.
TEST(Population, FindsTheWidthOfOneState) {
  constexpr double kMean = 20, kNoise = 1.5;
  for (const OneState& state : {OneState{0.7, 20, 0.7}, OneState{1.5, 20, 3}, OneState{2, 20, 2}, OneState{2, 20.5, 1.5}, OneState{2, 20, 4},
                                OneState{4, 20, 4}, OneState{4, 21, 3}, OneState{4, 20, 6}}) {
    SCOPED_TRACE(::testing::Message() << "width " << state.width << ", prior " << state.prior_mean << " +- " << state.prior_width);
    const double precision = 1 / (kNoise * kNoise) + 1 / (state.prior_width * state.prior_width);
    Random random(uint64_t(100 * state.width + state.prior_width));
    std::vector<double> samples, prior;
    constexpr int kParticles = 1000, kSamples = 16;
    for (int i = 0; i < kParticles; ++i) {
      const double seen = kMean + state.width * random.normal() + kNoise * random.normal();
      const double mean = (seen / (kNoise * kNoise) + state.prior_mean / (state.prior_width * state.prior_width)) / precision;
      for (int k = 0; k < kSamples; ++k) samples.push_back(mean + random.normal() / std::sqrt(precision));
    }
    for (int i = 0; i < 2048; ++i) prior.push_back(state.prior_mean + state.prior_width * random.normal());
    PopulationOptions options;
    options.bootstraps = 20;
    const Population found = estimated_population("d", samples, kSamples, prior, options);
    EXPECT_NEAR(found.mean.value, kMean, 3 * found.mean.error + 0.1);
    EXPECT_NEAR(found.standard_deviation.value, state.width, 3 * found.standard_deviation.error + 0.12 * state.width);
    double beyond = 0;  // 3 standard deviations: 0.27 % of the population
    for (size_t g = 0; g < found.share.size(); ++g) beyond += std::abs(found.centres[g] - kMean) > 3.2 * state.width ? found.share[g] : 0;
    EXPECT_LT(beyond, 0.02);
  }
}

// A state half as wide as the noise comes out too wide, but nearer to the truth than on average, and never too narrow.
TEST(Population, DoesNotClaimMoreThanTheNoiseAllows) {
  Random random(5);
  constexpr double kWidth = 0.7, kNoise = 1.5, kPriorWidth = 3, kPrecision = 1 / (kNoise * kNoise) + 1 / (kPriorWidth * kPriorWidth);
  std::vector<double> samples, prior;
  for (int i = 0; i < 1000; ++i) {
    const double mean = (kWidth * random.normal() + kNoise * random.normal()) / (kNoise * kNoise) / kPrecision;
    for (int k = 0; k < 16; ++k) samples.push_back(mean + random.normal() / std::sqrt(kPrecision));
  }
  for (int i = 0; i < 2048; ++i) prior.push_back(kPriorWidth * random.normal());
  PopulationOptions options;
  options.bootstraps = 10;
  const PopulationFigure found = estimated_population("d", samples, 16, prior, options).standard_deviation;
  EXPECT_GT(found.value, kWidth);
  EXPECT_LT(found.value, 0.5 * (kWidth + found.averaged));
}

TEST(Population, OfADistanceThatDoesNotVaryIsOneValue) {
  PopulationOptions options;
  options.bootstraps = 5;
  const Population found = estimated_population("d", std::vector<double>(80, 12.0), 4, std::vector<double>(50, 12.0), options);
  EXPECT_NEAR(found.mean.value, 12, 1e-3);
  EXPECT_LT(found.standard_deviation.value, 1e-3);
}

TEST(Population, KnowsItsError) {
  std::vector<double> values;
  double error = 0;
  for (uint64_t seed = 10; seed < 30; ++seed) {
    const Population found = TwoStates(400, 8, seed).estimate();
    values.push_back(found.below_cut.value);
    error += found.below_cut.error / 20;
  }
  double mean = 0, square = 0;
  for (const double value : values) mean += value / 20;
  for (const double value : values) square += (value - mean) * (value - mean) / 19;
  EXPECT_NEAR(error / std::sqrt(square), 1, 0.45);
  EXPECT_NEAR(mean, 0.7, 0.04);
}

TEST(Population, IsAPopulation) {
  const Population found = TwoStates(200, 4, 3).estimate();
  double sum = 0, averaged = 0;
  for (size_t g = 0; g < found.share.size(); ++g) {
    sum += found.share[g];
    averaged += found.averaged[g];
    EXPECT_GE(found.share[g], 0);
    EXPECT_LE(found.low[g], found.high[g]);
  }
  EXPECT_NEAR(sum, 1, 1e-9);
  EXPECT_NEAR(averaged, 1, 1e-6);
  EXPECT_EQ(found.particles, 200);
  testing::error_of([] { estimated_population("d", {1, 2, 3}, 2, {1, 2}, {}); });
  testing::error_of([] { estimated_population("d", {1, 2}, 1, {1, 2}, {}); });
  testing::error_of([] { estimated_population("d", {1, 2}, 2, {}, {}); });
}

}  // namespace
}  // namespace cryomer
