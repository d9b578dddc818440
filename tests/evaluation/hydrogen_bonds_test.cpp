#include "cryomer/evaluation/hydrogen_bonds.h"

#include <algorithm>
#include <set>
#include <utility>

#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::add_atom;
using testing::add_residue;

std::set<std::pair<int, int>> pairs_of(const std::vector<BackboneHydrogenBond>& bonds,
                                       SecondaryStructure kind) {
  std::set<std::pair<int, int>> pairs;
  for (const BackboneHydrogenBond& bond : bonds) {
    if (bond.kind == kind) pairs.emplace(bond.acceptor, bond.donor);
  }
  return pairs;
}

// A flat strand of `count` residues 3.4 A apart along x at height y, running in `direction`; the C=O and N-H
// of a residue point the same way, towards +y for every second one beginning with the first where `first_up`.
void add_strand(Structure& structure, const std::string& chain, int count, double x, double y, int direction,
                bool first_up) {
  for (int r = 0; r < count; ++r) {
    const double centre = x + direction * 3.4 * r, up = (r % 2 == 0) == first_up ? 1 : -1;
    add_residue(structure, chain, r + 1, "ALA", r > 0);
    add_atom(structure, "N", 7, {centre - direction * 1.2, y, 0});
    add_atom(structure, "CA", 6, {centre, y - 0.4 * up, 0});
    add_atom(structure, "C", 6, {centre + direction * 1.2, y, 0});
    add_atom(structure, "O", 8, {centre + direction * 1.2, y + 1.23 * up, 0});
  }
}

TEST(HydrogenBonds, OfAHelixJoinEachResidueWithTheFourthAfterIt) {
  const Structure helix = testing::polyalanine(12);
  const std::vector<BackboneHydrogenBond> bonds = secondary_structure_bonds(helix);
  std::set<std::pair<int, int>> expected;
  for (int r = 0; r + 4 < 12; ++r) expected.emplace(r, r + 4);
  const auto found = pairs_of(bonds, SecondaryStructure::helix);
  EXPECT_TRUE(std::includes(found.begin(), found.end(), expected.begin(), expected.end()));
  EXPECT_TRUE(pairs_of(bonds, SecondaryStructure::strand).empty());
}

TEST(HydrogenBonds, AreAbsentFromAnExtendedChain) {
  EXPECT_TRUE(secondary_structure_bonds(testing::polyalanine(12, -120, 120)).empty());
}

TEST(HydrogenBonds, NeedAnAmideHydrogen) {
  Structure helix = testing::polyalanine(12);
  helix.residues[6].name = "PRO";
  for (const BackboneHydrogenBond& bond : secondary_structure_bonds(helix)) EXPECT_NE(bond.donor, 6);
}

TEST(HydrogenBonds, DoNotMakeTurnsAcrossABreak) {
  Structure helix = testing::polyalanine(12);
  helix.residues[6].bonded_to_previous = false;
  for (const BackboneHydrogenBond& bond : secondary_structure_bonds(helix)) {
    EXPECT_FALSE(bond.acceptor < 6 && bond.donor >= 6) << bond.acceptor << " " << bond.donor;
  }
}

TEST(HydrogenBonds, OfAnAntiparallelLadderComeInPairs) {
  Structure sheet;
  add_strand(sheet, "A", 5, 0, 0, 1, true);            // residues 0..4, even ones point up
  add_strand(sheet, "B", 5, 3.4 * 4, 4.2, -1, false);  // 5..9 run back, above; the first faces residue 4
  const auto found = pairs_of(secondary_structure_bonds(sheet), SecondaryStructure::strand);
  // 2 and 7 face each other with both bonds. So would 0-9 and 4-5, but the first residue of a chain has no
  // amide; their other bonds are the far sides of the bridges 1-8 and 3-6.
  EXPECT_EQ(found, (std::set<std::pair<int, int>>{{0, 9}, {2, 7}, {7, 2}, {5, 4}}));
  EXPECT_TRUE(pairs_of(secondary_structure_bonds(sheet), SecondaryStructure::helix).empty());
}

TEST(HydrogenBonds, OfAParallelLadderAlternateSides) {
  Structure sheet;
  add_strand(sheet, "A", 5, 0, 0, 1, true);    // 0..4, even ones point up
  add_strand(sheet, "B", 5, 0, 4.2, 1, true);  // 5..9 alongside; 6 and 8 point down, between 0, 2 and 4
  const auto found = pairs_of(secondary_structure_bonds(sheet), SecondaryStructure::strand);
  EXPECT_EQ(found, (std::set<std::pair<int, int>>{{0, 6}, {6, 2}, {2, 8}, {8, 4}}));
}

TEST(HydrogenBonds, OnTheirOwnAreNotSecondaryStructure) {
  Structure sheet;
  add_strand(sheet, "A", 5, 0, 0, 1, true);
  // Only one residue of the second chain is near.
  add_strand(sheet, "B", 2, 3.4 * 2 + 3.4, 4.2, -1, true);
  EXPECT_TRUE(secondary_structure_bonds(sheet).empty());
}

// Kabsch and Sander: an ideal bond (O-H-N straight, N-O 2.9 A) has about -3 kcal/mol; none at a distance.
TEST(HydrogenBondEnergy, IsThatOfTheElectrostaticModel) {
  BackboneHydrogenBond bond;
  bond.carbon = 0;
  bond.oxygen = 1;
  bond.nitrogen = 2;
  bond.carbon_before_donor = 3;
  bond.oxygen_before_donor = 4;
  std::vector<float> x = {-1.23f, 0, 0, 0, 0, 0, 2.9f, 0, 0, 3.5f, 1.2f, 0, 4.73f, 1.2f, 0};
  EXPECT_NEAR(hydrogen_bond_energy(bond, x.data()),
              27.888 * (1 / 2.9 + 1 / (1.23 + 1.9) - 1 / 1.9 - 1 / (1.23 + 2.9)), 1e-4);
  x[6] = 9;
  EXPECT_GT(hydrogen_bond_energy(bond, x.data()), kHydrogenBondEnergy);
}

}  // namespace
}  // namespace cryomer
