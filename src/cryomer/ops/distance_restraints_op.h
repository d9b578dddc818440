// Harmonic distance restraints as a differentiable tensor operation; see kernels/distance_restraints.h.
#pragma once

#include <memory>

#include "cryomer/kernels/distance_restraints.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {

// positions [samples, atoms, 3] -> energies [samples].
Tensor distance_restraint_energies(const std::shared_ptr<const std::vector<DistanceRestraint>>& restraints,
                                   const Tensor& positions);

}  // namespace cryomer
