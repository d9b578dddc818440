// Structures out of a trained model, without images.
#pragma once

#include <functional>

#include "cryomer/training/trainer.h"

namespace cryomer {

// Latents to structures in the frame of the original file, with the chain's small gaps closed: [samples, atoms, 3] A.
Tensor decode_structures(const TrainedModel& trained, const Tensor& latents);

// `count` latents from the prior, [count, latent_dim].
Tensor sample_prior(const TrainedModel& trained, int64_t count, uint64_t seed);

// Runs `consume` on blocks of decoded structures, in order.
void decode_in_blocks(const TrainedModel& trained, const Tensor& latents, const std::string& label,
                      const std::function<void(const Tensor& structures)>& consume);

}  // namespace cryomer
