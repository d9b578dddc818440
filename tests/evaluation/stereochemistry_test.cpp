#include "cryomer/evaluation/stereochemistry.h"

#include <cmath>

#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

Ensemble of(const Structure& structure) {
  return {structure.atom_count(), structure.coordinates()};
}

TEST(Stereochemistry, OfTheBaseItselfIsPerfect) {
  const Structure helix = testing::polyalanine(14);
  const Stereochemistry result = stereochemistry(helix, of(helix));
  EXPECT_NEAR(result.bond_rms_deviation, 0, 1e-6);
  EXPECT_NEAR(result.bond_rms_deviation_ideal, 0, 1e-5);
  EXPECT_EQ(result.clashes_per_1000_atoms, 0);
  EXPECT_EQ(result.hydrogen_bonds_kept, 1);
  EXPECT_GE(result.helix_bond_count, 10);
  EXPECT_EQ(result.strand_bond_count, 0);
  EXPECT_TRUE(std::isnan(result.strand_bonds_kept));
}

TEST(Stereochemistry, MeasuresBondsAgainstTheBaseAndTheIdeal) {
  // Two pieces of a chain, the second moved along the bond by 0.3 A: one of 3 bonds is longer.
  const Structure base = testing::polyalanine(4, -120, 120);
  std::vector<float> moved = base.coordinates();
  const Vec3 along = normalized(base.atoms[10].position - base.atoms[7].position);
  for (int a = 10; a < base.atom_count(); ++a) {
    for (int k = 0; k < 3; ++k) moved[3 * a + k] += static_cast<float>(0.3 * along[k]);
  }
  const Stereochemistry result = stereochemistry(base, {base.atom_count(), moved});
  EXPECT_NEAR(result.bond_rms_deviation, 0.3 / std::sqrt(3), 1e-5);
  Structure long_base = base;
  long_base.set_coordinates(moved.data());
  const Stereochemistry other = stereochemistry(long_base, {base.atom_count(), moved});
  EXPECT_NEAR(other.bond_rms_deviation, 0, 1e-6);
  EXPECT_NEAR(other.bond_rms_deviation_ideal, 0.3 / std::sqrt(3), 1e-5);
}

TEST(Stereochemistry, CountsLostHydrogenBondsAndClashes) {
  const Structure helix = testing::polyalanine(14);
  const Structure extended = testing::polyalanine(14, -120, 120);
  Ensemble half = of(helix);
  half.append(extended.coordinates().data());
  const Stereochemistry result = stereochemistry(helix, half);
  EXPECT_DOUBLE_EQ(result.hydrogen_bonds_kept, 0.5);
  EXPECT_DOUBLE_EQ(result.helix_bonds_kept, 0.5);
  EXPECT_DOUBLE_EQ(stereochemistry(helix, half, {1, 3}).hydrogen_bonds_kept, 0.25);
  Ensemble other_half = of(extended);
  other_half.append(helix.coordinates().data());
  EXPECT_DOUBLE_EQ(stereochemistry(helix, other_half, {1, 3}).hydrogen_bonds_kept, 0.75);

  // Residue 10 put onto residue 3, atom by atom: at least these five pairs clash.
  std::vector<float> overlapping = helix.coordinates();
  for (int k = 0; k < 15; ++k) overlapping[15 * 9 + k] = overlapping[15 * 2 + k];
  EXPECT_GE(stereochemistry(helix, {70, overlapping}).clashes_per_1000_atoms, 5 * 1000.0 / 70);
}

// Clashes are looked for in some of many conformations, but never only in those that count for nothing.
TEST(Stereochemistry, CountsTheClashesOfConformationsThatHaveWeight) {
  const Structure helix = testing::polyalanine(14);
  std::vector<float> crushed = helix.coordinates();
  for (float& x : crushed) x *= 0.6f;
  const double expected = stereochemistry(helix, {helix.atom_count(), crushed}).clashes_per_1000_atoms;
  ASSERT_GT(expected, 0);
  Ensemble many;
  many.atom_count = helix.atom_count();
  std::vector<double> weights;
  for (int i = 0; i < 2000; ++i) {
    many.append(i % 2 ? crushed.data() : helix.coordinates().data());
    weights.push_back(i % 2);
  }
  EXPECT_NEAR(stereochemistry(helix, many, weights).clashes_per_1000_atoms, expected, 1e-9);
}

TEST(Stereochemistry, RefusesOtherAtoms) {
  const Structure helix = testing::polyalanine(5);
  EXPECT_NE(testing::error_of([&] {
              stereochemistry(helix, {2, std::vector<float>(6)});
            }).find("the ensemble has 2 atoms and by hand 25"),
            std::string::npos);
}

}  // namespace
}  // namespace cryomer
