// Which bonds of the side chains turn.
#pragma once

#include "cryomer/kernels/side_chains.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

// The torsions of protein residues (chi1 and those beyond), judged by the distances between their heavy atoms, so that
// modified residues have theirs too: bonds outside rings that have atoms of the side chain beyond them. Left out is what
// is planar (arginine's NE-CZ) and what turns hydrogens only.
SideChains side_chain_torsions(const Structure& structure);

}  // namespace cryomer
