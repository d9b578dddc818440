// What a trained model says about each particle.
#pragma once

#include "cryomer/data/particle_stack.h"
#include "cryomer/training/run_setup.h"

namespace cryomer {

// Distributions over the latents of all particles of a stack, in row order.
struct Posterior {
  Tensor mean, deviation;  // [particles, latent_dim]
};

// Improves the encoder's posteriors image by image: so many Adam steps on each image's own mean and deviation, with the
// decoder as it is.
struct Refinement {
  int64_t steps = 20;
  int64_t samples = 2;
  double learning_rate = 0.03;
};

Posterior infer_posterior(const TrainedModel& trained, const ParticleStack& stack, const Refinement& refinement = {});
// Of the particles at these rows only.
Posterior infer_posterior_of(const std::vector<int64_t>& rows, const TrainedModel& trained, const ParticleStack& stack,
                             const Refinement& refinement = {});

}  // namespace cryomer
