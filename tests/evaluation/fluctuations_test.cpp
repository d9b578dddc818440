#include "cryomer/evaluation/fluctuations.h"

#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

TEST(Fluctuations, OfARigidBodyAreZeroHoweverItLies) {
  Random random(1);
  const Ensemble ensemble = testing::perturbed(testing::cloud(30, 8, random), 12, 0.0, random);
  for (const double value : fluctuations(ensemble).rmsf) EXPECT_NEAR(value, 0, 1e-3);
}

TEST(Fluctuations, FindTheAtomThatMovesAndHowFar) {
  Random random(2);
  const std::vector<float> centre = testing::cloud(200, 12, random);
  Ensemble ensemble;
  ensemble.atom_count = 200;
  std::vector<float> moved = centre;
  for (const float shift : {-2.0f, 2.0f, -2.0f, 2.0f}) {
    moved[3 * 17] = centre[3 * 17] + shift;
    ensemble.append(moved.data());
  }
  const std::vector<double> rmsf = fluctuations(ensemble).rmsf;
  EXPECT_NEAR(rmsf[17], 2, 0.05);  // superposition follows it a little
  for (int a = 0; a < 200; ++a) {
    if (a == 17) continue;
    EXPECT_LT(rmsf[a], 0.1);
  }
}

TEST(Fluctuations, CountConformationsByWeight) {
  Random random(3);
  const std::vector<float> centre = testing::cloud(200, 12, random);
  Ensemble ensemble;
  ensemble.atom_count = 200;
  std::vector<float> moved = centre;
  ensemble.append(moved.data());
  moved[0] += 4;
  ensemble.append(moved.data());
  EXPECT_NEAR(fluctuations(ensemble, {0.5, 0.5}).rmsf[0], 2, 0.05);
  EXPECT_NEAR(fluctuations(ensemble, {0.9, 0.1}).rmsf[0], 4 * 0.3, 0.05);  // 4 sqrt(0.9 * 0.1)
}

}  // namespace
}  // namespace cryomer
