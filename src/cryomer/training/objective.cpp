#include "cryomer/training/objective.h"

#include <cmath>

#include "cryomer/ops/distance_restraints_op.h"

namespace cryomer {

LossTerms loss(const Autoencoder& model, const ObjectiveConfig& config,
               const std::shared_ptr<const std::vector<DistanceRestraint>>& restraints, const ParticleBatch& batch,
               const Tensor& noise, double warmth) {
  const int64_t images = batch.size(), samples = noise.size(1);
  check_shape(noise, "noise", {images, samples, model.latent_dim});
  const ObservedBatch observed = model.images.observe(batch);
  const Tensor features = model.encoder.features(batch, observed, model.images, batch.rotation, batch.shift);
  const DiagonalGaussian posterior = model.encoder(features);
  const Tensor latents = posterior.sample(noise).reshape({images * samples, model.latent_dim});
  const Tensor positions = model.decoder(latents);

  const ViewIndex views{at::arange(images * samples, at::kLong),
                        at::arange(images, at::kLong).repeat_interleave(samples)};
  const Tensor rotation = batch.rotation.repeat_interleave(samples, 0);
  const Tensor shift = batch.shift.repeat_interleave(samples, 0);
  const ImageLikelihoodOutput seen = model.images.log_likelihood(positions, rotation, shift, views, observed);
  const Tensor log_likelihood = seen.log_likelihood.reshape({images, samples});
  const Tensor fit = config.kind == "multi_sample" ? at::logsumexp(log_likelihood, 1) - std::log(double(samples))
                                                   : log_likelihood.mean(1);
  const Tensor kl = posterior.divergence_from_standard_normal();
  const Tensor chain = distance_restraint_energies(restraints, positions).mean();
  const Tensor centring = positions.mean(1).square().sum(1).mean();

  LossTerms terms;
  terms.total = -fit.mean() + warmth * (config.conformation_kl * kl.mean() + config.chain * chain) +
                config.centring * centring;
  terms.log_likelihood = log_likelihood.mean().item<double>();
  terms.kl = kl.mean().item<double>();
  terms.chain = chain.item<double>();
  terms.centring = centring.item<double>();
  terms.overlap = seen.overlap;
  terms.power = seen.power;
  return terms;
}

}  // namespace cryomer
