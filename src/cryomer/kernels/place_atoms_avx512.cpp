#include "cryomer/kernels/place_atoms_loops.h"

namespace cryomer::detail {

const PlacementLoops placement_loops_avx512 = {transpose_in,      transpose_out,     frames_from_delta, delta_gradient_from_force,
                                             frames_from_twist, twist_gradient_from_force};

}  // namespace cryomer::detail
