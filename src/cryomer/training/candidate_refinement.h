// Posteriors of single views improved with the decoder as it is: the latents' mean and deviation, and the pose if asked.
#pragma once

#include "cryomer/model/autoencoder.h"
#include "cryomer/pose_search/pose_refinement.h"

namespace cryomer {

struct Refinement {
  int64_t steps = 20;
  int64_t samples = 2;
  double learning_rate = 0.03;
  double pose_step = 0;  // A a step at the start; 0: poses stay
};

struct RefinedViews {
  DiagonalGaussian posterior;
  Poses poses;
  Tensor bound;  // [views] nats: log likelihood - divergence from the prior (+ entropy of the pose), at the last step
};

// `views` holds one image and pose a row; `start` the posteriors to start from. What is found for a view does not depend on
// those beside it. `pose_log_deviation` [views, 5]: of the poses at the start, see PoseTable.
RefinedViews refine_views(const Autoencoder& model, const ParticleBatch& views, const DiagonalGaussian& start,
                          const Refinement& refinement, const Random& random, const Tensor& pose_log_deviation = {});

}  // namespace cryomer
