#include "cryomer/evaluation/calibration.h"

#include <cmath>

#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer {
namespace {

// Truth and samples drawn around a centre of each particle's own; the samples' spread is `relative` times the
// truth's.
double coverage(int64_t per_particle, double relative, double level, uint64_t seed) {
  Random random(seed);
  const int particles = 4000;
  std::vector<double> samples, truth;
  for (int i = 0; i < particles; ++i) {
    const double centre = 10 * random.normal();
    truth.push_back(centre + random.normal());
    for (int64_t k = 0; k < per_particle; ++k) samples.push_back(centre + relative * random.normal());
  }
  return interval_coverage(samples, per_particle, truth, level);
}

// 5 standard errors of 4000 particles.
TEST(Calibration, OfAPerfectPosteriorIsTheLevelForAnyNumberOfSamples) {
  for (const int64_t samples : {1, 2, 5, 16, 100}) {
    for (const double level : kCalibrationLevels) {
      EXPECT_NEAR(coverage(samples, 1, level, 1), level, 5 * std::sqrt(level * (1 - level) / 4000))
          << samples << " samples";
    }
  }
}

TEST(Calibration, ShowsTooNarrowAndTooWidePosteriors) {
  EXPECT_LT(coverage(50, 0.4, 0.8, 2), 0.5);
  EXPECT_GT(coverage(50, 3.0, 0.5, 2), 0.8);
  // Twice too narrow: the interval reaches to 0.674 / 2 standard deviations of the truth.
  EXPECT_NEAR(coverage(400, 0.5, 0.5, 3), std::erf(0.67449 / 2 / std::sqrt(2.0)), 0.03);
}

TEST(Calibration, SharesRanksAmongTies) {
  // A constant that every sample hits: the rank says nothing, so every level is met.
  EXPECT_NEAR(interval_coverage({2, 2, 2, 2}, 2, {2, 2}, 0.8), 0.8, 1e-12);
  EXPECT_NEAR(interval_coverage({1, 2, 3}, 3, {9}, 0.5), 0, 1e-12);
  EXPECT_NEAR(interval_coverage({1, 2, 3}, 3, {2.5}, 0.5), 1, 1e-12);
}

TEST(Calibration, NeedsSamplesForEveryParticle) {
  testing::error_of([] { interval_coverage({1, 2, 3}, 2, {1, 2}, 0.5); });
  testing::error_of([] { interval_coverage({}, 2, {}, 0.5); });
}

}  // namespace
}  // namespace cryomer
