#include "cryomer/kernels/image_likelihood_loops.h"

namespace cryomer::detail {

const LikelihoodLoops likelihood_loops_avx512 = {project_atoms, spectrum_sums, spectrum_residual, spectrum_multiply};

}  // namespace cryomer::detail
