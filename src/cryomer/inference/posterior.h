// What a trained model says about each particle.
#pragma once

#include "cryomer/data/particle_stack.h"
#include "cryomer/training/candidate_refinement.h"
#include "cryomer/training/run_setup.h"

namespace cryomer {

// Distributions over the latents of all particles of a stack, in row order, at each particle's best pose.
struct Posterior {
  Tensor mean, deviation;    // [particles, latent_dim]
  std::vector<Pose> poses;   // those given, or those inferred
  std::vector<double> weight;  // of the best pose among the particle's candidates; 1 when poses were given
};

// `own_particles`: the stack is the one that the model was trained on, and unless it has changed since, the candidate poses that training ended
// with for its particles (or their latents, if poses were given) are where to start; else poses of a model that infers them are searched from nothing.
Posterior infer_posterior(const TrainedModel& trained, const ParticleStack& stack, bool own_particles, const Refinement& refinement = {});
// Of the particles at these rows only.
Posterior infer_posterior_of(const std::vector<int64_t>& rows, const TrainedModel& trained, const ParticleStack& stack,
                             bool own_particles, const Refinement& refinement = {});

}  // namespace cryomer
