#include "cryomer/evaluation/ensemble_comparison.h"

#include <cmath>

#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

struct Case {
  Structure base = testing::polyalanine(10);
  Ensemble truth, ensemble;
  EnsembleComparisonOptions options;

  explicit Case(Random& random) {
    truth = testing::perturbed(base.coordinates(), 12, 0.3, random);
    ensemble = testing::perturbed(base.coordinates(), 20, 0.3, random);
    options.emd.n = 8;
    options.distances = {parse_pair_distance(base, "A/1/CA:A/10/CA"),
                         parse_pair_distance(base, "A/2/CB:A/8/O")};
  }
};

TEST(EnsembleComparison, OfTheTruthWithItselfFindsNoDifference) {
  Random random(1);
  Case c(random);
  c.options.emd.n = 12;
  c.options.cuts = {14, 10};
  const EnsembleComparison result = compare_ensembles(c.base, c.truth, c.truth, c.options);
  EXPECT_EQ(result.emd.value, 0);
  for (const DistanceComparison& distance : result.distances) {
    EXPECT_EQ(distance.wasserstein, 0);
    EXPECT_EQ(distance.ks, 0);
    EXPECT_EQ(distance.mean, distance.truth_mean);
    EXPECT_GT(distance.standard_deviation, 0);
  }
  double sum = 0;
  for (const ModeGroup& group : result.groups) {
    EXPECT_EQ(group.fraction, group.truth_fraction);
    sum += group.fraction;
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_EQ(result.geometry.hydrogen_bonds_kept, result.truth_geometry.hydrogen_bonds_kept);
  EXPECT_EQ(result.base_geometry.hydrogen_bonds_kept, 1);
}

TEST(EnsembleComparison, KeepsTheSidesApart) {
  Random random(2);
  Case c(random);
  // The ensemble's second distance grows by 5 A: atom O of residue 8 goes away from CB of residue 2.
  const PairDistance& pair = c.options.distances[1];
  for (int64_t i = 0; i < c.ensemble.size(); ++i) {
    float* x = c.ensemble.conformation(i);
    const double length = pair.of(x);
    for (int k = 0; k < 3; ++k) {
      x[3 * pair.second + k] +=
          static_cast<float>((x[3 * pair.second + k] - x[3 * pair.first + k]) * 5 / length);
    }
  }
  c.options.cuts = {0, 0.5 * (pair.of(c.base.coordinates().data()) * 2 + 5)};
  const EnsembleComparison result = compare_ensembles(c.base, c.ensemble, c.truth, c.options);
  EXPECT_EQ(result.ensemble_size, 20);
  EXPECT_EQ(result.truth_size, 12);
  EXPECT_NEAR(result.distances[1].mean - result.distances[1].truth_mean, 5, 0.6);
  EXPECT_NEAR(result.distances[1].wasserstein, 5, 0.6);
  EXPECT_EQ(result.distances[1].ks, 1);
  EXPECT_LT(result.distances[0].wasserstein, 0.6);
  ASSERT_EQ(result.groups.size(), 4u);
  EXPECT_EQ(result.groups[3].fraction, 1);
  EXPECT_EQ(result.groups[3].truth_fraction, 0);
  EXPECT_EQ(result.groups[2].truth_fraction, 1);
}

TEST(EnsembleComparison, WeighsTheTruth) {
  Random random(3);
  Case c(random);
  c.options.truth_weights.assign(12, 0.0);
  c.options.truth_weights[4] = 2;
  const EnsembleComparison result = compare_ensembles(c.base, c.ensemble, c.truth, c.options);
  EXPECT_NEAR(result.distances[0].truth_mean, c.options.distances[0].of(c.truth.conformation(4)), 1e-9);
  EXPECT_NEAR(result.distances[0].truth_standard_deviation, 0, 1e-9);
  EXPECT_TRUE(std::isnan(result.emd.floor));  // nothing to split
}

TEST(EnsembleComparison, SaysWhatDoesNotFit) {
  Random random(4);
  Case c(random);
  const auto message = [&] {
    return testing::error_of([&] { compare_ensembles(c.base, c.ensemble, c.truth, c.options); });
  };
  c.options.cuts = {37};
  EXPECT_NE(message().find("1 cut for 2 distances"), std::string::npos);
  c.options.cuts.clear();
  c.ensemble = {2, std::vector<float>(6)};
  EXPECT_NE(message().find("the ensemble has 2 atoms and by hand 50"), std::string::npos);
  c.ensemble = c.truth;
  c.ensemble.coordinates[7] = INFINITY;
  EXPECT_NE(message().find("the ensemble holds the coordinate inf (conformation 1 of 12, atom 3 of 50"),
            std::string::npos);
  c.ensemble = {50, {}};
  EXPECT_NE(message().find("the ensemble holds no conformation"), std::string::npos);
}

}  // namespace
}  // namespace cryomer
