// Which bonds of the side chains turn.
#pragma once

#include "cryomer/kernels/side_chains.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

// One torsion for each of the structure's side_chain_bonds, in their order.
SideChains side_chain_torsions(const Structure& structure);

}  // namespace cryomer
