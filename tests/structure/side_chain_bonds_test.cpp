#include "cryomer/structure/side_chain_bonds.h"

#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::add_atom;

// One residue whose CB goes on as `names`.
Structure with_tail(const std::string& residue, const std::vector<std::pair<std::string, int>>& names) {
  Structure s = testing::polyalanine(1);
  s.residues[0].name = residue;
  testing::add_tail(s, names);
  return s;
}

std::vector<std::string> bonds_of(const Structure& s) {
  std::vector<std::string> result;
  for (const SideChainBond& b : side_chain_bonds(s)) result.push_back(s.atoms[size_t(b.from)].name + "-" + s.atoms[size_t(b.about)].name);
  return result;
}

using Names = std::vector<std::string>;

TEST(SideChainBonds, AreTheBondsWithSomethingBeyondThemFromTheTipInwards) {
  EXPECT_EQ(bonds_of(testing::polyalanine(3)), Names{});
  EXPECT_EQ(bonds_of(with_tail("SER", {{"OG", 8}})), Names{"CA-CB"});
  EXPECT_EQ(bonds_of(with_tail("LYS", {{"CG", 6}, {"CD", 6}, {"CE", 6}, {"NZ", 7}})), (Names{"CD-CE", "CG-CD", "CB-CG", "CA-CB"}));
  EXPECT_EQ(bonds_of(with_tail("MET", {{"CG", 6}, {"SD", 16}, {"CE", 6}})), (Names{"CG-SD", "CB-CG", "CA-CB"}));
}

TEST(SideChainBonds, LeaveOutThePlanarBondOfArginine) {
  EXPECT_EQ(bonds_of(with_tail("ARG", {{"CG", 6}, {"CD", 6}, {"NE", 7}, {"CZ", 6}, {"NH1", 7}})), (Names{"CD-NE", "CG-CD", "CB-CG", "CA-CB"}));
}

TEST(SideChainBonds, TurnAllAtomsBeyondThem) {
  const Structure s = with_tail("LYS", {{"CG", 6}, {"CD", 6}, {"CE", 6}, {"NZ", 7}});
  const std::vector<SideChainBond> bonds = side_chain_bonds(s);
  auto beyond = [&](size_t b) {
    Names result;
    for (const int a : bonds[b].beyond) result.push_back(s.atoms[size_t(a)].name);
    return result;
  };
  EXPECT_EQ(beyond(0), Names{"NZ"});
  EXPECT_EQ(beyond(3), (Names{"CG", "CD", "CE", "NZ"}));
}

TEST(SideChainBonds, StopAtRings) {
  Structure s = with_tail("PHE", {{"CG", 6}});
  const Vec3 cb = s.atoms[s.find_atom(0, "CB")].position, cg = s.atoms[s.find_atom(0, "CG")].position;
  const Vec3 x = normalized(cg - cb), y = normalized(cross(x, Vec3{0.3, 0.5, 0.8}));
  const char* names[] = {"CD1", "CE1", "CZ", "CE2", "CD2"};
  const Vec3 centre = cg + 1.39 * x;
  for (int k = 0; k < 5; ++k) {
    const double angle = radians(180 - 60.0 * (k + 1));
    add_atom(s, names[k], 6, centre + 1.39 * (std::cos(angle) * x + std::sin(angle) * y));
  }
  EXPECT_EQ(bonds_of(s), (Names{"CB-CG", "CA-CB"}));
  // Proline: the tail is bonded to the backbone.
  s = with_tail("PRO", {{"CG", 6}});
  const Vec3 n = s.atoms[s.find_atom(0, "N")].position, tip = s.atoms[s.find_atom(0, "CG")].position;
  s.atoms[s.find_atom(0, "CG")].position = n + 1.47 * normalized(tip - n);
  EXPECT_EQ(bonds_of(s), Names{});
}

TEST(SideChainBonds, AreStaggeredBetweenTetrahedralAtoms) {
  auto staggered = [](const Structure& s) {
    Names result;
    for (const SideChainBond& b : side_chain_bonds(s)) {
      if (!b.staggered) continue;
      const auto x = [&](int a) { return s.atoms[size_t(a)].position; };
      EXPECT_NEAR(std::abs(degrees(torsion_angle(x(b.before), x(b.from), x(b.about), x(b.after)))), 180, 1e-6);
      result.push_back(s.atoms[size_t(b.from)].name + "-" + s.atoms[size_t(b.about)].name);
    }
    return result;
  };
  EXPECT_EQ(staggered(with_tail("LYS", {{"CG", 6}, {"CD", 6}, {"CE", 6}, {"NZ", 7}})), (Names{"CD-CE", "CG-CD", "CB-CG", "CA-CB"}));
  // Of glutamate's three torsions the last is beside a carboxylate, whose three bonds lie in a plane.
  Structure s = with_tail("GLU", {{"CG", 6}, {"CD", 6}, {"OE1", 8}});
  const Vec3 cg = s.atoms[size_t(s.find_atom(0, "CG"))].position, cd = s.atoms[size_t(s.find_atom(0, "CD"))].position;
  const Vec3 out = normalized(cd - cg), oe1 = normalized(s.atoms[size_t(s.find_atom(0, "OE1"))].position - cd);
  const Vec3 side = normalized(oe1 - dot(oe1, out) * out);
  s.atoms[size_t(s.find_atom(0, "OE1"))].position = cd + 1.25 * (0.5 * out + std::sqrt(0.75) * side);
  add_atom(s, "OE2", 8, cd + 1.25 * (0.5 * out - std::sqrt(0.75) * side));
  EXPECT_EQ(bonds_of(s), (Names{"CG-CD", "CB-CG", "CA-CB"}));
  EXPECT_EQ(staggered(s), (Names{"CB-CG", "CA-CB"}));
}

TEST(SideChainBonds, KnowHowFarFromStaggeredATorsionIs) {
  for (const double well : {-180, -60, 60, 180, 300}) {
    EXPECT_NEAR(from_staggered(radians(well)), 0, 1e-12);
    EXPECT_NEAR(from_staggered(radians(well + 20)), radians(20), 1e-12);
    EXPECT_NEAR(from_staggered(radians(well - 50)), radians(50), 1e-12);
  }
  EXPECT_NEAR(from_staggered(0), radians(60), 1e-12);
}

}  // namespace
}  // namespace cryomer
