// What single images can tell, if what a model has learned is true: images are simulated from the model, with the optics, the views and the
// noise of its particles, inferred like particles that it has never seen, and set beside what they were made from (a parametric bootstrap,
// Efron and Tibshirani 1993). A model that has learned noise would find too much in them, one that has more to learn too little: so they show the
// structures as strongly as particles do that were held out, by how well these are explained. Shapes and noise of another kind, which the model does not know of, are not in them.
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
  std::vector<double> bound;  // nats (see Posterior)
  double strength = 1;        // how strongly the images show the structures; 1 is what the model expects
};

// `stack`: the particles that the model was trained on; `images` of them, evenly spread, lend their optics and views.
Recovery recover(const TrainedModel& trained, const ParticleStack& stack, int64_t images, uint64_t seed);

// How many poses may be right, with a warning when they are few.
void say_how_many_poses_can_be_found(const Recovery& recovery);

}  // namespace cryomer
