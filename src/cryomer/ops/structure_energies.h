// What structures cost as structures, whatever images show: energies of the kernels of the same names, as differentiable tensor
// operations. positions [samples, atoms, 3] -> energies [samples].
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

}  // namespace cryomer
