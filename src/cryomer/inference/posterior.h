// What a trained model says about each particle.
#pragma once

#include <optional>

#include "cryomer/data/particle_loader.h"
#include "cryomer/pose_search/pose_finder.h"
#include "cryomer/training/candidate_refinement.h"
#include "cryomer/training/run_setup.h"

namespace cryomer {

// Distributions over the latents of all particles of a stack, in row order, at each particle's best pose.
struct Posterior {
  Tensor mean, deviation;    // [particles, latent_dim]
  std::vector<Pose> poses;   // those given, or those inferred
  std::vector<double> weight;  // of the best pose among the particle's candidates; 1 when poses were given
  std::vector<double> bound;   // nats: log likelihood - divergence at the best pose; empty where nothing was refined
};

// `own_particles`: the stack is the one that the model was trained on, and unless it has changed since, the candidate poses that training ended
// with for its particles (or their latents, if poses were given) are where to start; else poses of a model that infers them are searched from nothing.
Posterior infer_posterior(const TrainedModel& trained, const ParticleStack& stack, bool own_particles, const Refinement& refinement = {});
// Of the particles at these rows only.
Posterior infer_posterior_of(const std::vector<int64_t>& rows, const TrainedModel& trained, const ParticleStack& stack,
                             bool own_particles, const Refinement& refinement = {});

struct InferenceCandidates;

// The same batch by batch, also for images that are not in the stack but like its own.
class ImageInference {
 public:
  // Fails where the stack's images are of another size than the model was trained on, or of optics groups that it does not know. The stack must outlive it.
  ImageInference(const TrainedModel& trained, const ParticleStack& stack, bool own_particles, const Refinement& refinement = {});

  // Particles of the stack, with the optics groups of the training data.
  ParticleBatch load(const std::vector<int64_t>& rows) const;
  // Row by row of such a batch.
  Posterior infer(const ParticleBatch& batch);
  // How well each particle, inferred from the Fourier pixels that are seen, explains the others: [batch] nats (see unseen_log_likelihood).
  std::vector<double> explain_unseen(const ParticleBatch& batch, const Tensor& seen);

 private:
  InferenceCandidates candidates(const ParticleBatch& batch);
  RefinedViews refined(const InferenceCandidates& candidates, const Tensor& seen = {}) const;

  const TrainedModel& trained_;
  ParticleLoader loader_;
  std::vector<int> group_in_training_;
  bool known_;  // what training ended with for these particles is where to start
  Refinement refinement_;
  std::optional<PoseFinder> finder_;  // poses are searched from nothing, or near those that the images come with
};

}  // namespace cryomer
