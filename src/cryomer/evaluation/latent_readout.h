// How much of a quantity of the true states the latents of their particles hold, whatever the decoder makes of them.
#pragma once

#include <cstdint>
#include <vector>

#include "cryomer/tensor/tensor.h"

namespace cryomer {

// Pearson's r between a quantity and what a linear function of the latents says of it, for particles of states that this function was not
// fitted to (ridge regression, a fifth of the states at a time). latents [particles, dim], state_of and values [particles]. NaN where
// there are too few particles or states to tell, or latents that are no numbers.
double latent_readout_r(const Tensor& latents, const std::vector<int64_t>& state_of, const std::vector<double>& values);

}  // namespace cryomer
