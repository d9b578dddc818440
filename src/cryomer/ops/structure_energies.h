// What structures cost as structures, whatever images show: energies [samples] in nats, differentiable. Those of positions
// [samples, atoms, 3] are the kernels of the same names.
#pragma once

#include <memory>

#include "cryomer/kernels/backbone_torsions.h"
#include "cryomer/kernels/clashes.h"
#include "cryomer/kernels/distance_restraints.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {

Tensor distance_restraint_energies(const std::shared_ptr<const std::vector<DistanceRestraint>>& restraints,
                                   const Tensor& positions);
Tensor clash_energies(const std::shared_ptr<const ClashRules>& rules, const Tensor& positions);
Tensor backbone_torsion_energies(const std::shared_ptr<const BackboneTorsionRules>& rules, const Tensor& positions);

// Side chains about bonds between tetrahedral atoms: barrier / 2 (1 + cos 3 chi) for each, nothing when they are staggered.
struct StaggeringRules {
  Tensor barrier;  // [torsions] nats; 0: the torsion is free
  Tensor angle;    // [torsions] radians, in the base structure
};
// turns [samples, torsions] radians: what each torsion differs by from the base structure's.
Tensor staggering_energies(const StaggeringRules& rules, const Tensor& turns);

}  // namespace cryomer
