#include "cryomer/evaluation/emd_rmsd.h"

#include <cmath>

#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::all_atoms;
using testing::cloud;
using testing::perturbed;

// Two conformations and the distance between them.
struct TwoStates {
  Ensemble states;
  double distance;
  std::vector<float> base;

  explicit TwoStates(Random& random) : states(perturbed(cloud(30, 5, random), 2, 1.0, random)) {
    distance = superpose(states.conformation(0), states.conformation(1), 30).rmsd;
    base.assign(states.conformation(0), states.conformation(0) + 90);
  }
  // `first` copies of state 0, then `second` of state 1, each rotated in its own way.
  Ensemble copies(int first, int second, Random& random) const {
    Ensemble result{30, {}};
    for (int i = 0; i < first + second; ++i) {
      const float* state = states.conformation(i < first ? 0 : 1);
      const Ensemble copy = perturbed({state, state + 90}, 1, 0, random);
      result.append(copy.conformation(0));
    }
    return result;
  }
};

TEST(EmdRmsd, IsWhatMustBeMovedTimesHowFar) {
  Random random(1);
  const TwoStates two(random);
  const EmdRmsd result = emd_rmsd(two.copies(12, 4, random), two.copies(8, 8, random), two.base.data(),
                                  all_atoms(30), {}, {16, 0});
  EXPECT_EQ(result.n, 16);
  EXPECT_NEAR(result.value, 0.25 * two.distance, 1e-4);
  EXPECT_NEAR(result.baseline, 0.5 * two.distance, 1e-4);
  EXPECT_EQ(result.floor_n, 8);
}

TEST(EmdRmsd, IsZeroForTheSameConformationsInAnyOrder) {
  Random random(2);
  const Ensemble truth = perturbed(cloud(40, 6, random), 21, 1.5, random);
  std::vector<int64_t> order = random.permutation(21);
  Ensemble shuffled{40, {}};
  for (const int64_t i : order) shuffled.append(truth.conformation(i));
  const EmdRmsd result = emd_rmsd(shuffled, truth, truth.conformation(0), all_atoms(40), {}, {21, 0});
  EXPECT_EQ(result.value, 0);
  EXPECT_EQ(result.floor_n, 10);
  // Independent perturbations differ by sqrt(6) times as much; the assignment and the superposition find
  // less.
  EXPECT_GT(result.floor, 2.5);
  EXPECT_LT(result.floor, 1.5 * std::sqrt(6.0));
}

TEST(EmdRmsd, HasTheFloorOfDisjointHalves) {
  Random random(3);
  const TwoStates two(random);
  // Every conformation of the truth occurs once, so a floor of zero would mean that the draws overlap.
  const Ensemble truth = perturbed(two.base, 10, 1.0, random);
  const EmdRmsd result = emd_rmsd(truth, truth, two.base.data(), all_atoms(30), {}, {10, 5});
  EXPECT_EQ(result.value, 0);
  EXPECT_GT(result.floor, 1.0);
  const EmdRmsd alone = emd_rmsd(truth, two.copies(1, 0, random), two.base.data(), all_atoms(30), {}, {4, 5});
  EXPECT_TRUE(std::isnan(alone.floor));
  EXPECT_EQ(alone.floor_n, 0);
}

TEST(EmdRmsd, WeighsTheTruth) {
  Random random(4);
  const TwoStates two(random);
  const EmdRmsd matching =
      emd_rmsd(two.copies(12, 4, random), two.states, two.base.data(), all_atoms(30), {3, 1}, {16, 0});
  EXPECT_NEAR(matching.value, 0, 1e-4);
  EXPECT_NEAR(matching.baseline, 0.25 * two.distance, 1e-4);
  const EmdRmsd opposite =
      emd_rmsd(two.copies(12, 4, random), two.states, two.base.data(), all_atoms(30), {1, 3}, {16, 0});
  EXPECT_NEAR(opposite.value, 0.5 * two.distance, 1e-4);
}

TEST(EmdRmsd, TreatsEqualWeightsAsNone) {
  Random random(5);
  const Ensemble truth = perturbed(cloud(20, 5, random), 9, 1, random),
                 other = perturbed(cloud(20, 5, random), 9, 1, random);
  const EmdRmsd with =
      emd_rmsd(other, truth, truth.conformation(0), all_atoms(20), std::vector<double>(9, 7), {6, 1});
  const EmdRmsd without = emd_rmsd(other, truth, truth.conformation(0), all_atoms(20), {}, {6, 1});
  EXPECT_EQ(with.value, without.value);
  EXPECT_EQ(with.floor, without.floor);
}

TEST(EmdRmsd, RepeatsWithItsSeed) {
  Random random(6);
  const std::vector<float> centre = cloud(20, 5, random);
  const Ensemble truth = perturbed(centre, 40, 1, random), ensemble = perturbed(centre, 50, 1, random);
  const auto run = [&](uint64_t seed) {
    return emd_rmsd(ensemble, truth, centre.data(), all_atoms(20), {}, {12, seed});
  };
  EXPECT_EQ(run(1).value, run(1).value);
  EXPECT_EQ(run(1).floor, run(1).floor);
  EXPECT_NE(run(1).value, run(2).value);
  EXPECT_NE(run(1).floor, run(2).floor);
}

TEST(EmdRmsd, LooksAtTheChosenAtomsOnly) {
  Random random(7);
  const Ensemble truth = perturbed(cloud(20, 5, random), 8, 1, random);
  Ensemble changed = truth;
  for (int64_t i = 0; i < 8; ++i) changed.conformation(i)[3 * 4] += 30;
  std::vector<int> others = all_atoms(20);
  others.erase(others.begin() + 4);
  EXPECT_EQ(emd_rmsd(changed, truth, truth.conformation(0), others, {}, {8, 0}).value, 0);
  EXPECT_GT(emd_rmsd(changed, truth, truth.conformation(0), all_atoms(20), {}, {8, 0}).value, 1);
}

TEST(EmdRmsd, RefusesWhatMakesNoSense) {
  Random random(8);
  const Ensemble truth = perturbed(cloud(5, 5, random), 4, 1, random),
                 other = perturbed(cloud(6, 5, random), 4, 1, random);
  const float* base = truth.conformation(0);
  EXPECT_NE(testing::error_of([&] {
              emd_rmsd(other, truth, base, all_atoms(5), {}, {4, 0});
            }).find("the ensemble has 6 atoms and the truth 5"),
            std::string::npos);
  EXPECT_NE(testing::error_of([&] {
              emd_rmsd(truth, truth, base, {}, {}, {4, 0});
            }).find("no atoms"),
            std::string::npos);
  EXPECT_NE(testing::error_of([&] {
              emd_rmsd(truth, truth, base, all_atoms(5), {}, {0, 0});
            }).find("at least one"),
            std::string::npos);
  EXPECT_NE(testing::error_of([&] {
              emd_rmsd(truth, truth, base, all_atoms(5), {1, 1}, {4, 0});
            }).find("2 weights"),
            std::string::npos);
}

TEST(AssignedMean, TakesDrawsWithRepetition) {
  const RmsdMatrix matrix{2, 2, {0, 3, 5, 1}};
  EXPECT_EQ(make_draw({7, 4, 7}).members, (std::vector<int64_t>{4, 7}));
  EXPECT_EQ(make_draw({7, 4, 7}).index, (std::vector<int64_t>{1, 0, 1}));
  EXPECT_NEAR(assigned_mean(matrix, {0, 1}, {0, 1}), 0.5, 1e-7);
  EXPECT_NEAR(assigned_mean(matrix, {0, 0, 1}, {1, 1, 0}), (0 + 3 + 1) / 3.0, 1e-6);
  testing::error_of([&] { assigned_mean(matrix, {0}, {0, 1}); });
}

// The standard error is what values of other draws scatter by.
TEST(EmdRmsd, KnowsHowFarItsValueScatters) {
  Random random(11);
  const std::vector<float> centre = cloud(12, 6, random);
  const std::vector<float> away = cloud(12, 6, random);
  std::vector<double> values, errors;
  for (int repeat = 0; repeat < 60; ++repeat) {
    Ensemble sides[2];
    for (int side = 0; side < 2; ++side) {
      sides[side].atom_count = 12;
      for (int i = 0; i < 60; ++i) {
        // Along one direction, with different spreads, so that there is much to transport.
        const double s = (side ? 0.6 : 0.3) * random.normal();
        std::vector<float> x = centre;
        for (size_t k = 0; k < x.size(); ++k) x[k] += float(s * away[k] + 0.05 * random.normal());
        sides[side].append(x.data());
      }
    }
    const EmdRmsd emd = emd_rmsd(sides[0], sides[1], centre.data(), all_atoms(12), {}, {60, 1});
    values.push_back(emd.value);
    errors.push_back(emd.error);
  }
  double mean = 0, square = 0, error = 0;
  for (size_t i = 0; i < values.size(); ++i) mean += values[i] / 60, error += errors[i] / 60;
  for (const double value : values) square += (value - mean) * (value - mean) / 59;
  EXPECT_NEAR(error / std::sqrt(square), 1, 0.35);
}

TEST(EmdRmsd, ComparesWithItsFloorAtEqualNumbers) {
  Random random(12);
  const std::vector<float> centre = cloud(20, 5, random);
  const Ensemble truth = perturbed(centre, 200, 1, random), ensemble = perturbed(centre, 200, 1, random);
  const EmdRmsd emd = emd_rmsd(ensemble, truth, centre.data(), all_atoms(20), {}, {150, 1});
  EXPECT_EQ(emd.floor_n, 100);
  EXPECT_NEAR(emd.value_at_floor_n, emd.floor, 3 * std::hypot(emd.error_at_floor_n, emd.floor_error));
  EXPECT_GT(emd.floor_error, 0);
  EXPECT_NEAR(emd.coverage, 0.95, 0.07);
  EXPECT_NEAR(emd.precision, 0.95, 0.07);
  // An ensemble of one place covers little, but what it has is true.
  const Ensemble narrow = perturbed(std::vector<float>(truth.conformation(0), truth.conformation(0) + 60), 200, 0.01, random);
  const EmdRmsd of_narrow = emd_rmsd(narrow, truth, centre.data(), all_atoms(20), {}, {100, 1});
  EXPECT_EQ(of_narrow.floor_n, 100);
  EXPECT_EQ(of_narrow.value_at_floor_n, of_narrow.value);
  EXPECT_LT(of_narrow.coverage, 0.8);
  EXPECT_GT(of_narrow.precision, 0.9);
}

}  // namespace
}  // namespace cryomer
