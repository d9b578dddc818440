// Posteriors of single views improved with the decoder as it is: the latents' mean and deviation, and the pose if asked.
#pragma once

#include "cryomer/model/autoencoder.h"
#include "cryomer/pose_search/pose_refinement.h"

namespace cryomer {

struct Refinement {
  int64_t steps = 20;
  int64_t samples = 2;
  double learning_rate = 0.1;
  double mean_share = 1;  // of that rate, for the latents' means
};

struct RefinedViews {
  DiagonalGaussian posterior;
  Poses poses;
  Tensor bound;  // [views] nats: log likelihood - divergence from the prior, at the last step
};

// `views` holds one image and pose a row; `start` the posteriors to start from. What is found for a view does not depend on
// those beside it. Poses follow the conformations where `pose_deviation` [5] says how
// well images hold them (see follow_conformations); else they stay.
RefinedViews refine_views(const Autoencoder& model, const ParticleBatch& views, const DiagonalGaussian& start,
                          const Refinement& refinement, const Random& random, const Tensor& pose_deviation = {});

}  // namespace cryomer
