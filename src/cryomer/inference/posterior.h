// What a trained model says about each particle.
#pragma once

#include "cryomer/data/particle_stack.h"
#include "cryomer/training/trainer.h"

namespace cryomer {

// Distributions over the latents of all particles of a stack, in row order.
struct Posterior {
  Tensor mean, deviation;  // [particles, latent_dim]
};

Posterior infer_posterior(const TrainedModel& trained, const ParticleStack& stack);
// Of the particles at these rows only.
Posterior infer_posterior(const TrainedModel& trained, const ParticleStack& stack, const std::vector<int64_t>& rows);

}  // namespace cryomer
