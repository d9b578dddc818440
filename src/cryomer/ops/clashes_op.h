// The energy of clashing atoms as a differentiable tensor operation; see kernels/clashes.h.
#pragma once

#include <memory>

#include "cryomer/kernels/clashes.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {

// positions [samples, atoms, 3] -> energies [samples]. Computed on the CPU, wherever the positions are.
Tensor clash_energies(const std::shared_ptr<const ClashRules>& rules, const Tensor& positions);

}  // namespace cryomer
