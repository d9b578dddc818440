#include "cryomer/protein/side_chain_torsions.h"

#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::add_atom;
using testing::placed;

// An alanine whose CB goes on as `names`, each bonded to the one before it.
Structure with_tail(const std::string& residue, const std::vector<std::pair<std::string, int>>& names) {
  Structure s = testing::polyalanine(1);
  s.residues[0].name = residue;
  Vec3 a = s.atoms[s.find_atom(0, "N")].position, b = s.atoms[s.find_atom(0, "CA")].position, c = s.atoms[s.find_atom(0, "CB")].position;
  for (const auto& [name, number] : names) {
    const Vec3 next = placed(a, b, c, number == 16 ? 1.81 : 1.52, radians(112), radians(180));
    add_atom(s, name, number, next);
    a = b;
    b = c;
    c = next;
  }
  return s;
}

std::vector<std::string> bonds_of(const Structure& s) {
  std::vector<std::string> result;
  for (const Torsion& t : side_chain_torsions(s).torsions) result.push_back(s.atoms[t.from].name + "-" + s.atoms[t.about].name);
  return result;
}

using Names = std::vector<std::string>;

TEST(SideChainTorsions, AreTheBondsWithSomethingBeyondThemFromTheTipInwards) {
  EXPECT_EQ(bonds_of(testing::polyalanine(3)), Names{});
  EXPECT_EQ(bonds_of(with_tail("SER", {{"OG", 8}})), Names{"CA-CB"});
  EXPECT_EQ(bonds_of(with_tail("LYS", {{"CG", 6}, {"CD", 6}, {"CE", 6}, {"NZ", 7}})), (Names{"CD-CE", "CG-CD", "CB-CG", "CA-CB"}));
  EXPECT_EQ(bonds_of(with_tail("MET", {{"CG", 6}, {"SD", 16}, {"CE", 6}})), (Names{"CG-SD", "CB-CG", "CA-CB"}));
}

TEST(SideChainTorsions, LeaveOutThePlanarBondOfArginine) {
  EXPECT_EQ(bonds_of(with_tail("ARG", {{"CG", 6}, {"CD", 6}, {"NE", 7}, {"CZ", 6}, {"NH1", 7}})), (Names{"CD-NE", "CG-CD", "CB-CG", "CA-CB"}));
}

TEST(SideChainTorsions, MoveAllAtomsBeyondTheBond) {
  const Structure s = with_tail("LYS", {{"CG", 6}, {"CD", 6}, {"CE", 6}, {"NZ", 7}});
  const SideChains chains = side_chain_torsions(s);
  auto moved = [&](int t) {
    Names result;
    for (int m = chains.torsions[t].first_moved; m < chains.torsions[t].last_moved; ++m) result.push_back(s.atoms[chains.moved[m]].name);
    return result;
  };
  EXPECT_EQ(moved(0), Names{"NZ"});
  EXPECT_EQ(moved(3), (Names{"CG", "CD", "CE", "NZ"}));
}

TEST(SideChainTorsions, StopAtRings) {
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

}  // namespace
}  // namespace cryomer
