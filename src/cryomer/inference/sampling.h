// Structures out of a trained model, without images.
#pragma once

#include <functional>

#include "cryomer/training/run_setup.h"

namespace cryomer {

// Latents to structures in the frame of the original file, with the chain's small gaps closed: [samples, atoms, 3] A.
Tensor decode_structures(const TrainedModel& trained, const Tensor& latents);

// Runs `consume` on blocks of decoded structures, in order.
void decode_in_blocks(const TrainedModel& trained, const Tensor& latents, const std::string& label,
                      const std::function<void(const Tensor& structures)>& consume);

}  // namespace cryomer
