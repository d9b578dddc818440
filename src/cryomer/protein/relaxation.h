// Closes the small gaps that independent rigid residues leave at their links: moves and turns the residues as little as
// possible until the restrained distances hold. Position-based dynamics of rigid bodies (Mueller et al. 2020, "Detailed
// rigid body simulation with extended position based dynamics"), each atom of unit mass.
#pragma once

#include "cryomer/kernels/distance_restraints.h"
#include "cryomer/ops/place_atoms_op.h"

namespace cryomer {

struct Relaxation {
  int largest_sweep_count = 60;
  double tolerance = 0.005;  // A, largest violation of a restraint as strong as a bond (sigma 0.02 A) that may remain
};

// positions [atoms][3] in A, changed in place; residues stay rigid. Returns the largest remaining bond violation in A.
double relax_chain(const RigidBodyData& bodies, const std::vector<DistanceRestraint>& restraints, float* positions,
                   const Relaxation& options = {});

}  // namespace cryomer
