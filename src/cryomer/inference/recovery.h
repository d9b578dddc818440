// What single images can tell, if what a model has learned is true: images are simulated from the model, with the optics, the views and the
// noise of its particles, inferred like particles that it has never seen, and set beside what they were made from (a parametric bootstrap,
// Efron and Tibshirani 1993). What the model does not know of, shapes or noise of another kind, is not in it,
// and what it has not learned yet the images do not show: of real particles less may be found, or more.
#pragma once

#include "cryomer/inference/posterior.h"

namespace cryomer {

// Row by row: made from, and found.
struct Recovery {
  int64_t images() const { return drawn.size(0); }
  // Share of the images whose pose is found to a few degrees.
  double poses_found(double within_degrees = 10) const;

  Tensor drawn, found;  // latents [images, latent_dim]; found: means of posteriors
  // Of the structures as they come from the decoder; where poses were inferred, placed on the base (see StructureFrame).
  std::vector<Pose> drawn_poses, found_poses;
};

// `stack`: the particles that the model was trained on; `images` of them, evenly spread, lend their optics and views.
Recovery recover(const TrainedModel& trained, const ParticleStack& stack, int64_t images, uint64_t seed);

// How many poses may be right, with a warning when they are few.
void say_how_many_poses_can_be_found(const Recovery& recovery);

}  // namespace cryomer
