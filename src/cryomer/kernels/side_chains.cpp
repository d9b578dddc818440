#include "cryomer/kernels/side_chains.h"

#include "cryomer/kernels/side_chain_turn.h"

namespace cryomer {

void turn_side_chains(const SideChains& side_chains, const float* angles, float* local) {
  for (int t = 0; t < side_chains.count(); ++t) detail::turn_side_chain(side_chains.torsions[t], side_chains.moved.data(), angles[t], local);
}

void side_chain_gradient(const SideChains& side_chains, const float* positions, const float* position_gradient,
                         float* angle_gradient) {
  for (int t = 0; t < side_chains.count(); ++t) {
    angle_gradient[t] = detail::torsion_gradient(side_chains.torsions[t], side_chains.moved.data(), positions, position_gradient);
  }
}

}  // namespace cryomer
