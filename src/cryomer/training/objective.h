// What training minimises, for a batch of images.
#pragma once

#include "cryomer/kernels/distance_restraints.h"
#include "cryomer/model/autoencoder.h"
#include "cryomer/training/training_config.h"

namespace cryomer {

struct LossTerms {
  Tensor total;                // scalar, differentiable
  double log_likelihood = 0;   // nats per image, mean over samples, relative to an empty image
  double kl = 0;               // nats per image
  double chain = 0;            // restraint energy per structure, nats
  double centring = 0;         // squared centre of mass, A^2
  Tensor overlap, power;       // [batch * samples], see ImageLikelihood
};

// noise [batch, samples, latent_dim]: the standard normal draws that make the samples; `warmth` in [0, 1] multiplies the
// configured weights of the divergence and of the chain's energy.
LossTerms loss(const Autoencoder& model, const ObjectiveConfig& config,
               const std::shared_ptr<const std::vector<DistanceRestraint>>& restraints, const ParticleBatch& batch,
               const Tensor& noise, double warmth);

}  // namespace cryomer
