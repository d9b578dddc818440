// Bonds of side chains that turn, and which of them are staggered.
#pragma once

#include <vector>

#include "cryomer/structure/structure.h"

namespace cryomer {

struct SideChainBond {
  int residue = 0;
  int from = 0, about = 0;      // atoms, in the direction away from the backbone
  std::vector<int> beyond;      // atoms that turn with the bond
  int before = -1, after = -1;  // atoms next to `from` and `about` by which its torsion is told; before is -1 where `from` has no other
  // Both atoms are tetrahedral, so that proteins have the torsion near 60, 180 or 300 degrees.
  bool staggered = false;
};

// Of protein residues (chi1 and those beyond), judged by the distances between their heavy atoms, so that modified residues have
// theirs too: bonds outside rings that have atoms of the side chain beyond them. Left out is what is planar (arginine's NE-CZ)
// and what turns hydrogens only. Those of one residue are listed from the tips inwards.
std::vector<SideChainBond> side_chain_bonds(const Structure& structure);

// How far a torsion is from the nearest of 60, 180 and 300 degrees: radians, 0 to pi / 3.
double from_staggered(double torsion);

}  // namespace cryomer
