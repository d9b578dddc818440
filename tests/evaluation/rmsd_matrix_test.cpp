#include "cryomer/evaluation/rmsd_matrix.h"

#include <ATen/Parallel.h>

#include <cmath>
#include <limits>

#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::cloud;
using testing::perturbed;

double reference_rmsd(const Ensemble& x, int64_t i, const Ensemble& y, int64_t j) {
  return superpose(x.conformation(i), y.conformation(j), x.atom_count).rmsd;
}

double largest_error(const Ensemble& x, const Ensemble& y) {
  const RmsdMatrix matrix = rmsd_matrix(x, y);
  double largest = 0;
  for (int64_t i = 0; i < x.size(); ++i) {
    for (int64_t j = 0; j < y.size(); ++j) {
      largest = std::max(largest, std::abs(matrix.at(i, j) - reference_rmsd(x, i, y, j)));
    }
  }
  return largest;
}

TEST(RmsdMatrix, AgreesWithSuperposingEachPair) {
  Random random(1);
  for (const int atoms : {3, 10, 100, 777}) {
    const std::vector<float> centre = cloud(atoms, 10, random);
    for (const double spread : {0.3, 3.0, 15.0}) {
      const Ensemble x = perturbed(centre, 7, spread, random), y = perturbed(centre, 9, spread, random);
      // What rounding coordinates of tens of A to single precision leaves.
      EXPECT_LT(largest_error(x, y), 1e-5) << atoms << " atoms, spread " << spread;
    }
  }
}

// The size of a large protein, RMSDs down to where a product in single precision of the coordinates would be
// all noise.
TEST(RmsdMatrix, IsAccurateForNearlyEqualConformations) {
  Random random(2);
  const std::vector<float> centre = cloud(3000, 25, random);
  for (const double spread : {1e-4, 1e-3, 1e-2, 0.1, 1.0}) {
    const Ensemble x = perturbed(centre, 6, spread, random), y = perturbed(centre, 5, spread, random);
    EXPECT_LT(largest_error(x, y), 1e-5) << "spread " << spread;
  }
}

TEST(RmsdMatrix, IsAccurateForNearlyEqualConformationsFarFromTheOthers) {
  Random random(3);
  const std::vector<float> one = cloud(500, 15, random), other = cloud(500, 15, random);
  Ensemble x = perturbed(one, 4, 1e-3, random), y = perturbed(one, 3, 1e-3, random);
  const Ensemble far = perturbed(other, 3, 1e-3, random);
  x.coordinates.insert(x.coordinates.end(), far.coordinates.begin(), far.coordinates.end());
  y.coordinates.insert(y.coordinates.end(), far.coordinates.begin(), far.coordinates.end());
  EXPECT_LT(largest_error(x, y), 1e-5);
}

TEST(RmsdMatrix, IsZeroForTheSameConformation) {
  Random random(4);
  const Ensemble x = perturbed(cloud(200, 10, random), 5, 2.0, random);
  const RmsdMatrix matrix = rmsd_matrix(x, x);
  for (int64_t i = 0; i < x.size(); ++i) EXPECT_EQ(matrix.at(i, i), 0);
}

TEST(RmsdMatrix, DoesNotReflect) {
  Random random(5);
  Ensemble x = perturbed(cloud(40, 8, random), 1, 0, random), mirrored = x;
  for (size_t k = 2; k < mirrored.coordinates.size(); k += 3) mirrored.coordinates[k] *= -1;
  EXPECT_LT(largest_error(x, mirrored), 1e-4);
  EXPECT_GT(rmsd_matrix(x, mirrored).at(0, 0), 3);
}

// All the cases where eigenvalues coincide, down to RMSDs that only a careful solver gets right there.
TEST(RmsdMatrix, TakesPointsOnALineInAPlaneAndInOnePlace) {
  Random random(6);
  for (const int dimensions : {0, 1, 2}) {
    for (const int atoms : {1, 2, 3, 20}) {
      for (const double spread : {0.0, 1e-4, 0.5}) {
        std::vector<float> centre = cloud(atoms, 5, random);
        for (size_t k = 0; k < centre.size(); ++k) {
          if (static_cast<int>(k % 3) >= dimensions) centre[k] = 0;
        }
        const Ensemble x = perturbed(centre, 4, 0, random), y = perturbed(centre, 3, spread, random);
        EXPECT_LT(largest_error(x, y), 1e-5)
            << atoms << " atoms in " << dimensions << " dimensions, " << spread;
      }
    }
  }
}

TEST(RmsdMatrix, CoversMoreThanOneBlock) {
  Random random(7);
  const std::vector<float> centre = cloud(8, 5, random);
  const Ensemble x = perturbed(centre, 1030, 1, random), y = perturbed(centre, 515, 1, random);
  const RmsdMatrix matrix = rmsd_matrix(x, y);
  ASSERT_EQ(matrix.rows, 1030);
  ASSERT_EQ(matrix.columns, 515);
  for (const int64_t i : {0, 511, 512, 1023, 1024, 1029}) {
    for (const int64_t j : {0, 511, 512, 514}) EXPECT_NEAR(matrix.at(i, j), reference_rmsd(x, i, y, j), 1e-5);
  }
}

TEST(RmsdMatrix, DoesNotDependOnTheNumberOfThreads) {
  Random random(9);
  const std::vector<float> centre = cloud(30, 5, random);
  const Ensemble x = perturbed(centre, 600, 1, random), y = perturbed(centre, 300, 1, random);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const RmsdMatrix one = rmsd_matrix(x, y);
  at::set_num_threads(3);
  const RmsdMatrix three = rmsd_matrix(x, y);
  at::set_num_threads(threads);
  EXPECT_EQ(one.values, three.values);
}

TEST(RmsdMatrix, RefusesWhatCannotBeCompared) {
  Random random(8);
  const Ensemble x = perturbed(cloud(5, 5, random), 3, 1, random),
                 y = perturbed(cloud(6, 5, random), 2, 1, random);
  EXPECT_NE(testing::error_of([&] { rmsd_matrix(x, y); }).find("conformations of 5 and of 6 atoms"),
            std::string::npos);
  EXPECT_NE(testing::error_of([&] {
              rmsd_matrix(x, Ensemble{5, {}});
            }).find("no conformation"),
            std::string::npos);
  Ensemble bad = x;
  bad.coordinates[3 * 5 + 3 * 2 + 1] = std::numeric_limits<float>::quiet_NaN();
  const std::string message = testing::error_of([&] { rmsd_matrix(bad, x); });
  EXPECT_NE(message.find("nan (conformation 2 of 3, atom 3 of 5, counted from 1)"), std::string::npos)
      << message;
}

}  // namespace
}  // namespace cryomer
