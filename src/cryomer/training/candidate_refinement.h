// Posteriors of single views improved with the decoder as it is: the latents' mean and deviation, and the pose if asked.
#pragma once

#include <optional>

#include "cryomer/model/autoencoder.h"
#include "cryomer/pose_search/pose_refinement.h"

namespace cryomer {

struct Refinement {
  int64_t steps = 20;
  int64_t samples = 2;
  double learning_rate = 0.1;
  // Posteriors are as prior * likelihood^power; what is said of their bound is not. 1 where nothing is given, or what a trained model does best
  // with (see likelihood_power.h).
  std::optional<double> likelihood_power = {};

  Refinement with_power(double power) const {
    Refinement other = *this;
    other.likelihood_power = power;
    return other;
  }
};

struct RefinedViews {
  DiagonalGaussian posterior;
  Poses poses;
  Tensor bound;  // [views] nats: log likelihood - divergence from the prior, at the last step
};

// `views` holds one image and pose a row; `start` the posteriors to start from. What is found for a view does not depend on
// those beside it. Poses follow the conformations where `pose_deviation` [5] says how
// well images hold them (see follow_conformations); else they stay. `seen` [box, box / 2 + 1]: one for the Fourier pixels that count, zero for those
// that do not; all do where it is not given.
RefinedViews refine_views(const Autoencoder& model, const ParticleBatch& views, const DiagonalGaussian& start, const Refinement& refinement,
                          const Random& random, const Tensor& pose_deviation = {}, const Tensor& seen = {});

// Log likelihood of the Fourier pixels that were not seen, given the structures at the means of posteriors that come from the seen ones:
// [views] nats. `views` at the poses that were refined, which follow the structures as above.
Tensor unseen_log_likelihood(const Autoencoder& model, const ParticleBatch& views, const Tensor& mean, const Tensor& seen,
                             const Tensor& pose_deviation = {});

}  // namespace cryomer
