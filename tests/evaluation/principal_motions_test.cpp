#include "cryomer/evaluation/principal_motions.h"

#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

// Points that move along two directions that are orthogonal to each other and to rigid motions: two pairs of atoms breathe.
struct Breathing {
  std::vector<float> centre;
  Random random{3};

  Breathing() {
    for (const Vec3 p : {Vec3{10, 0, 0}, Vec3{-10, 0, 0}, Vec3{0, 8, 0}, Vec3{0, -8, 0}, Vec3{0, 0, 6}, Vec3{0, 0, -5}}) {
      for (int k = 0; k < 3; ++k) centre.push_back(float(p[k]));
    }
  }
  // Standard deviations (A) of the pairs' half lengths.
  Ensemble draw(int count, double first, double second, double offset = 0) {
    Ensemble result;
    result.atom_count = 6;
    for (int i = 0; i < count; ++i) {
      std::vector<float> x = centre;
      const double a = offset + first * random.normal(), b = second * random.normal();
      x[0] += float(a), x[3] -= float(a), x[7] += float(b), x[10] -= float(b);
      const Mat3 turn = random_rotation(random);
      for (size_t k = 0; k < x.size(); k += 3) {
        const Vec3 y = turn * Vec3{x[k], x[k + 1], x[k + 2]} + Vec3{3, 4, 5};
        for (int axis = 0; axis < 3; ++axis) x[k + axis] = float(y[axis]);
      }
      result.append(x.data());
    }
    return result;
  }
};

TEST(PrincipalMotions, FindsTheDirectionsOfTheTruthAndTheirSize) {
  Breathing b;
  const Ensemble truth = b.draw(2000, 2, 1), ensemble = b.draw(2000, 2, 1);
  const PrincipalMotions found = principal_motions(ensemble, truth);
  ASSERT_EQ(found.motions.size(), 2u);
  // Two of six atoms move by `a` each: an RMSD of a sqrt(2 / 6).
  EXPECT_NEAR(found.motions[0].truth_deviation, 2 * std::sqrt(2.0 / 6), 0.05);
  EXPECT_NEAR(found.motions[1].truth_deviation, 1 * std::sqrt(2.0 / 6), 0.03);
  EXPECT_NEAR(found.motions[0].share, 0.8, 0.03);
  EXPECT_NEAR(found.motions[0].recovered, 1, 0.1);
  EXPECT_NEAR(found.motions[0].overlap, 1, 1e-3);
  EXPECT_NEAR(found.subspace_overlap, 1, 1e-3);
  EXPECT_LT(found.motions[0].wasserstein, 0.1);
  EXPECT_EQ(found.motions[0].values.size(), 2000u);
}

TEST(PrincipalMotions, SeesAMotionThatIsMissingAndAnOffset) {
  Breathing b;
  const Ensemble truth = b.draw(2000, 2, 1);
  const PrincipalMotions still = principal_motions(b.draw(2000, 0, 1), truth);
  EXPECT_LT(still.motions[0].recovered, 0.01);
  EXPECT_GT(still.motions[1].recovered, 0.8);
  const PrincipalMotions moved = principal_motions(b.draw(2000, 2, 1, 3), truth);
  EXPECT_NEAR(std::abs(moved.motions[0].offset), 3 * std::sqrt(2.0 / 6), 0.1);
  EXPECT_NEAR(moved.motions[0].wasserstein, 3 * std::sqrt(2.0 / 6), 0.1);
  EXPECT_NEAR(moved.motions[0].recovered, 1, 0.1);
  EXPECT_NEAR(moved.offsets[0], 3, 0.2);
  EXPECT_NEAR(moved.offsets[2], 0, 0.1);
  // One conformation has no motions of its own.
  const PrincipalMotions one = principal_motions(b.draw(1, 0, 0), truth);
  EXPECT_EQ(one.motions[0].recovered, 0);
  EXPECT_EQ(one.motions[0].overlap, 0);
}

TEST(PrincipalMotions, CountsWeights) {
  Breathing b;
  Ensemble truth = b.draw(1000, 2, 0.1);
  const Ensemble other = b.draw(1000, 0.1, 2);
  for (int64_t i = 0; i < other.size(); ++i) truth.append(other.conformation(i));
  std::vector<double> weights(2000, 1.0);
  std::fill(weights.begin(), weights.begin() + 1000, 0.0);
  const PrincipalMotions found = principal_motions(other, truth, weights);
  EXPECT_NEAR(found.motions[0].recovered, 1, 1e-3);
  EXPECT_NEAR(found.motions[0].share, 1, 0.01);
}

TEST(PrincipalMotions, OfVeryManyConformationsAreFromSomeOfThem) {
  Breathing b;
  const Ensemble truth = b.draw(11000, 2, 1), ensemble = b.draw(100, 2, 1);
  const PrincipalMotions found = principal_motions(ensemble, truth);
  EXPECT_EQ(found.motions[0].truth_values.size(), 10000u);
  EXPECT_EQ(found.motions[0].values.size(), 100u);
  EXPECT_NEAR(found.motions[0].truth_deviation, 2 * std::sqrt(2.0 / 6), 0.05);
}

TEST(PrincipalMotions, OfATruthThatStandsStillAreNone) {
  Breathing b;
  EXPECT_TRUE(principal_motions(b.draw(10, 1, 1), b.draw(5, 0, 0)).motions.empty());
}

}  // namespace
}  // namespace cryomer
