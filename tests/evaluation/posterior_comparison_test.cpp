#include "cryomer/evaluation/posterior_comparison.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/units.h"
#include "cryomer/evaluation/calibration.h"
#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

struct Case {
  Structure base = testing::polyalanine(10);
  Ensemble states;
  PosteriorTruth truth;
  PosteriorComparisonOptions options;

  explicit Case(Random& random, int particles = 30) {
    states = testing::perturbed(base.coordinates(), 6, 1.0, random);
    truth.states = &states;
    for (int i = 0; i < particles; ++i) truth.state_of.push_back(static_cast<int64_t>(random.below(6)));
    options.distances = {parse_pair_distance(base, "A/1/CA:A/10/CA"),
                         parse_pair_distance(base, "A/2/CB:A/8/O")};
  }
  Case(const Case&) = delete;
  // The true states, rotated and with every atom off by `spread`; K for each particle.
  Ensemble answers(double spread, int per_particle, Random& random) const {
    Ensemble result{base.atom_count(), {}};
    for (const int64_t s : truth.state_of) {
      const float* x = states.conformation(s);
      const Ensemble samples =
          testing::perturbed({x, x + 3 * states.atom_count}, per_particle, spread, random);
      result.coordinates.insert(result.coordinates.end(), samples.coordinates.begin(),
                                samples.coordinates.end());
    }
    return result;
  }
};

TEST(PosteriorComparison, OfTheTruthItselfIsPerfect) {
  Random random(1);
  Case c(random);
  HeldTrajectory posterior("particles", c.answers(0, 1, random));
  const PosteriorComparison result = compare_posterior(c.base, posterior, {}, c.truth, c.options);
  EXPECT_EQ(result.particles, 30);
  EXPECT_LT(result.rmsd_mean, 1e-4);
  EXPECT_LT(result.rmsd_median, 1e-4);
  EXPECT_GT(result.rmsd_baseline, 1.0);
  ASSERT_EQ(result.distances.size(), 2u);
  for (const DistanceCorrelation& distance : result.distances) {
    EXPECT_NEAR(distance.pearson_r, 1, 1e-6);
    EXPECT_NEAR(distance.rmse, 0, 1e-4);
    EXPECT_NEAR(distance.bias, 0, 1e-4);
    EXPECT_TRUE(distance.coverage.empty());
  }
  EXPECT_FALSE(result.has_poses);
}

TEST(PosteriorComparison, OfTheWholeDoesNotAskWhoseAStructureIs) {
  Random random(4);
  Case c(random);
  const Ensemble answers = c.answers(0, 1, random);
  Ensemble turned;
  turned.atom_count = answers.atom_count;
  for (int64_t i = 0; i < answers.size(); ++i) turned.append(answers.conformation((i + 7) % answers.size()));
  HeldTrajectory posterior("particles", turned);
  c.options.n = answers.size();
  const PosteriorComparison result = compare_posterior(c.base, posterior, {}, c.truth, c.options);
  EXPECT_GT(result.rmsd_mean, 0.3);
  EXPECT_LT(result.emd_rmsd, 1e-3);
}

TEST(PosteriorComparison, MeasuresEachParticleAgainstItsOwnState) {
  Random random(2);
  Case c(random);
  const Ensemble answers = c.answers(0.5, 1, random);
  HeldTrajectory posterior("particles", answers);
  const PosteriorComparison result = compare_posterior(c.base, posterior, {}, c.truth, c.options);
  double sum = 0, base_sum = 0, bias = 0;
  const std::vector<float> base = c.base.coordinates();
  for (int i = 0; i < 30; ++i) {
    const float* state = c.states.conformation(c.truth.state_of[i]);
    sum += superpose(answers.conformation(i), state, 50).rmsd / 30;
    base_sum += superpose(base.data(), state, 50).rmsd / 30;
    bias += (c.options.distances[0].of(answers.conformation(i)) - c.options.distances[0].of(state)) / 30;
  }
  EXPECT_NEAR(result.rmsd_mean, sum, 1e-5);
  EXPECT_NEAR(result.rmsd_baseline, base_sum, 1e-5);
  EXPECT_NEAR(result.distances[0].bias, bias, 1e-9);
  EXPECT_GE(result.distances[0].rmse, std::abs(bias));
}

TEST(PosteriorComparison, HasNoCorrelationWhereNothingVaries) {
  Random random(3);
  Case c(random);
  Ensemble same{c.base.atom_count(), {}};
  for (int i = 0; i < 30; ++i) same.append(c.base.coordinates().data());
  HeldTrajectory posterior("particles", same);
  const PosteriorComparison result = compare_posterior(c.base, posterior, {}, c.truth, c.options);
  EXPECT_TRUE(std::isnan(result.distances[0].pearson_r));
  EXPECT_NEAR(result.rmsd_mean, result.rmsd_baseline, 1e-6);
}

TEST(PosteriorComparison, OverSeveralSamplesTakesTheirMeanAndCalibration) {
  Random random(4);
  Case c(random, 200);
  const Ensemble answers = c.answers(0.5, 8, random);
  HeldTrajectory posterior("particles", answers);
  const PosteriorComparison result = compare_posterior(c.base, posterior, {}, c.truth, c.options);
  EXPECT_EQ(result.samples_per_particle, 8);
  double sum = 0;
  for (int64_t i = 0; i < answers.size(); ++i) {
    sum += superpose(answers.conformation(i), c.states.conformation(c.truth.state_of[i / 8]), 50).rmsd;
  }
  EXPECT_NEAR(result.rmsd_mean, sum / 1600, 1e-5);
  ASSERT_EQ(result.coverage.size(), std::size(kCalibrationLevels));
  std::vector<double> samples, truth;
  for (int i = 0; i < 1600; ++i) samples.push_back(c.options.distances[1].of(answers.conformation(i)));
  for (int i = 0; i < 200; ++i)
    truth.push_back(c.options.distances[1].of(c.states.conformation(c.truth.state_of[i])));
  EXPECT_DOUBLE_EQ(result.distances[1].coverage[0], interval_coverage(samples, 8, truth, 0.5));
  EXPECT_DOUBLE_EQ(result.coverage[0],
                   0.5 * (result.distances[0].coverage[0] + result.distances[1].coverage[0]));
  // The mean of eight is nearer to the truth than one.
  HeldTrajectory single("particles", c.answers(0.5, 1, random));
  EXPECT_LT(result.distances[0].rmse,
            0.7 * compare_posterior(c.base, single, {}, c.truth, c.options).distances[0].rmse);
}

// Samples scatter about the true state: they differ from each other by the root of two as much as from it, and the mean of
// eight is off by a third of what one more sample would be.
TEST(PosteriorComparison, ComparesStatedWithActualUncertainty) {
  Random random(8);
  Case c(random, 300);
  HeldTrajectory posterior("particles", c.answers(0.3, 8, random));
  const PosteriorComparison result = compare_posterior(c.base, posterior, {}, c.truth, c.options);
  EXPECT_NEAR(result.uncertainty.ratio, 1 / std::sqrt(2.0), 0.02);
  EXPECT_EQ(result.uncertainty.bins.size(), 10u);
  EXPECT_NEAR(result.distances[0].uncertainty.ratio, 1.0 / 3, 0.05);
  HeldTrajectory single("particles", c.answers(0.3, 1, random));
  EXPECT_TRUE(compare_posterior(c.base, single, {}, c.truth, c.options).uncertainty.bins.empty());
}

TEST(PosteriorComparison, LooksAtTheChosenAtoms) {
  Random random(5);
  Case c(random);
  Ensemble answers = c.answers(0, 1, random);
  for (int64_t i = 0; i < answers.size(); ++i) answers.conformation(i)[3 * 3] += 8;  // an O
  HeldTrajectory posterior("particles", answers);
  c.options.atoms = AtomSet::ca;
  EXPECT_LT(compare_posterior(c.base, posterior, {}, c.truth, c.options).rmsd_mean, 1e-4);
  c.options.atoms = AtomSet::heavy;
  EXPECT_GT(compare_posterior(c.base, posterior, {}, c.truth, c.options).rmsd_mean, 0.5);
}

TEST(PosteriorComparison, ComparesPoses) {
  Random random(6);
  Case c(random, 10);
  std::vector<Pose> estimated;
  for (int i = 0; i < 10; ++i) {
    c.truth.poses.push_back({random_rotation(random), 0, 0});
    estimated.push_back({c.truth.poses[i].rotation * rotation_from_vector({0.1, 0, 0}), 0.5, 0});
  }
  HeldTrajectory posterior("particles", c.answers(0, 1, random));
  const PosteriorComparison result = compare_posterior(c.base, posterior, estimated, c.truth, c.options);
  EXPECT_TRUE(result.has_poses);
  EXPECT_NEAR(result.poses.direct.median_deg, degrees(0.1), 1e-6);
  EXPECT_NEAR(result.poses.direct.shift_median_A, 0.5, 1e-9);
  EXPECT_NEAR(result.poses.aligned.median_deg, 0, 1e-5);
}

TEST(PosteriorComparison, SaysWhatDoesNotFit) {
  Random random(7);
  Case c(random, 10);
  HeldTrajectory posterior("particles", c.answers(0, 1, random));
  const auto message = [&] {
    return testing::error_of([&] { compare_posterior(c.base, posterior, {}, c.truth, c.options); });
  };
  c.truth.state_of[3] = 6;
  EXPECT_NE(
      message().find(
          "particle 4 of 10 (counted from 1) has the true state 6, but the truth holds 6 states (0 to 5)"),
      std::string::npos);
  c.truth.state_of[3] = -1;
  EXPECT_NE(message().find("true state -1"), std::string::npos);
  c.truth.state_of.assign(3, 0);
  EXPECT_NE(message().find("10 structures for 3 particles"), std::string::npos);
  c.truth.state_of.clear();
  EXPECT_NE(message().find("no particles"), std::string::npos);
}

}  // namespace
}  // namespace cryomer
