#include "cryomer/protein/side_chain_torsions.h"

#include "cryomer/structure/side_chain_bonds.h"
#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

TEST(SideChainTorsions, AreThoseOfTheStructuresBonds) {
  const Structure s = testing::polyserine(3);
  const std::vector<SideChainBond> bonds = side_chain_bonds(s);
  const SideChains chains = side_chain_torsions(s);
  ASSERT_EQ(chains.count(), 3);
  ASSERT_EQ(bonds.size(), 3u);
  for (size_t t = 0; t < bonds.size(); ++t) {
    const Torsion& torsion = chains.torsions[t];
    EXPECT_EQ(torsion.from, bonds[t].from);
    EXPECT_EQ(torsion.about, bonds[t].about);
    EXPECT_EQ(std::vector<int>(chains.moved.begin() + torsion.first_moved, chains.moved.begin() + torsion.last_moved), bonds[t].beyond);
  }
}

}  // namespace
}  // namespace cryomer
