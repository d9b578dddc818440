#include "cryomer/protein/side_chain_torsions.h"

#include "cryomer/structure/side_chain_bonds.h"

namespace cryomer {

SideChains side_chain_torsions(const Structure& structure) {
  SideChains result;
  for (const SideChainBond& bond : side_chain_bonds(structure)) {
    const auto first = int(result.moved.size());
    result.moved.insert(result.moved.end(), bond.beyond.begin(), bond.beyond.end());
    result.torsions.push_back({bond.from, bond.about, first, int(result.moved.size())});
  }
  return result;
}

}  // namespace cryomer
