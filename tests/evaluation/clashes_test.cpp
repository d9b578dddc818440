#include "cryomer/evaluation/clashes.h"

#include <algorithm>
#include <set>

#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::add_atom;
using testing::add_residue;

// Every residue one carbon.
Structure carbons(int count, bool bonded) {
  Structure structure;
  for (int i = 0; i < count; ++i) {
    add_residue(structure, "A", i + 1, "GLY", bonded && i > 0);
    add_atom(structure, "CA", 6, {3.8 * i, 0, 0});
  }
  return structure;
}

TEST(ClashCounter, CountsPairsOfResiduesThatNothingJoins) {
  const Structure bonded = carbons(3, true), separate = carbons(3, false);
  const std::vector<float> coordinates = {0, 0, 0, 2, 0, 0, 2, 2, 0};
  EXPECT_EQ(ClashCounter(bonded).count(coordinates.data()), 0);    // 1-3 are 2.83 A apart
  EXPECT_EQ(ClashCounter(separate).count(coordinates.data()), 2);  // 1-2, 2-3
  EXPECT_EQ(ClashCounter(bonded, 3.0).count(coordinates.data()), 1);
}

TEST(ClashCounter, HasItsCutoffAt2point4) {
  const Structure structure = carbons(2, false);
  for (const float distance : {2.39f, 2.41f}) {
    const std::vector<float> coordinates = {0, 0, 0, 0, distance, 0};
    EXPECT_EQ(ClashCounter(structure).count(coordinates.data()), distance < 2.4f ? 1 : 0);
  }
}

TEST(ClashCounter, IgnoresAtomsOfOneResidue) {
  Structure structure;
  add_residue(structure, "A", 1, "ALA", false);
  add_atom(structure, "CA", 6, {0, 0, 0});
  add_atom(structure, "CB", 6, {1.5, 0, 0});
  EXPECT_EQ(ClashCounter(structure).count(structure.coordinates().data()), 0);
}

TEST(ClashCounter, KnowsDisulphidesAndCoordinatedIons) {
  Structure structure;
  add_residue(structure, "A", 1, "CYS", false);
  add_atom(structure, "SG", 16, {0, 0, 0});
  add_residue(structure, "A", 9, "CYS", false);
  add_atom(structure, "SG", 16, {2.05, 0, 0});
  add_residue(structure, "A", 20, "HIS", false);
  add_atom(structure, "NE2", 7, {10, 0, 0});
  add_residue(structure, "Z", 1, "ZN", false, ResidueKind::other);
  add_atom(structure, "ZN", 30, {12.1, 0, 0});
  EXPECT_EQ(ClashCounter(structure).count(structure.coordinates().data()), 0);
  // The same atoms in other company clash.
  const std::vector<float> swapped = {0, 0, 0, 10, 0, 0, 2, 0, 0, 12, 0, 0};
  EXPECT_EQ(ClashCounter(structure).count(swapped.data()), 2);
}

TEST(ClashCounter, AgreesWithTryingAllPairs) {
  Random random(1);
  const int atoms = 400;
  const Structure structure = carbons(atoms, false);
  const ClashCounter counter(structure);
  for (const double size : {0.5, 4.0, 20.0, 300.0, 1e6}) {
    std::vector<float> x = testing::cloud(atoms, size, random);
    if (size > 100) {
      for (int k = 0; k < 300; ++k) x[k] = static_cast<float>(5 * random.normal());
    }
    int64_t expected = 0;
    for (int i = 0; i < atoms; ++i) {
      for (int j = 0; j < i; ++j) {
        double square = 0;
        for (int k = 0; k < 3; ++k) square += std::pow(static_cast<double>(x[3 * i + k]) - x[3 * j + k], 2);
        expected += square < 2.4 * 2.4;
      }
    }
    EXPECT_EQ(counter.count(x.data()), expected) << "size " << size;
  }
}

TEST(ClashCounter, TakesAllAtomsInOnePlace) {
  const Structure structure = carbons(10, false);
  const std::vector<float> coordinates(30, 1.0f);
  EXPECT_EQ(ClashCounter(structure).count(coordinates.data()), 45);
}

}  // namespace
}  // namespace cryomer
