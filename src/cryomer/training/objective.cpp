#include "cryomer/training/objective.h"

#include <cmath>

#include "cryomer/ops/distance_restraints_op.h"

namespace cryomer {

LossTerms loss(const Autoencoder& model, const ObjectiveConfig& config, const Restraints& restraints,
               const ParticleBatch& batch, const ObservedBatch& observed, const DiagonalGaussian& posterior,
               const Tensor& noise, double warmth, const Tensor& weight) {
  const int64_t images = batch.size(), samples = noise.size(1);
  check_shape(noise, "noise", {images, samples, model.latent_dim});
  const Tensor drawn = posterior.sample(noise);
  const Tensor latents = drawn.reshape({images * samples, model.latent_dim});
  const ConformationDecoder::Moves moves = model.decoder.moves(latents);
  const Tensor positions = model.decoder.place(moves);

  const ViewIndex views{at::arange(images * samples, at::kLong),
                        at::arange(images, at::kLong).repeat_interleave(samples)};
  const bool one_pose = batch.rotation.size(0) == images;
  const Tensor rotation = one_pose ? batch.rotation.repeat_interleave(samples, 0) : batch.rotation;
  const Tensor shift = one_pose ? batch.shift.repeat_interleave(samples, 0) : batch.shift;
  const ImageLikelihoodOutput seen = model.images.log_likelihood(positions, rotation, shift, views, observed);
  const Tensor log_likelihood = seen.log_likelihood.reshape({images, samples});
  const Tensor fit = config.kind == "multi_sample" ? at::logsumexp(log_likelihood, 1) - std::log(double(samples))
                                                   : log_likelihood.mean(1);
  const Tensor kl = model.prior.components() == 1
                        ? posterior.divergence_from_standard_normal()
                        : (posterior.log_density(drawn) - model.prior.log_density(latents).reshape({images, samples})).mean(1);
  const Tensor chain = distance_restraint_energies(restraints, positions).reshape({images, samples}).mean(1);
  const Tensor torsions = moves.torsions.defined() ? (1 - moves.torsions.cos()).sum(1).reshape({images, samples}).mean(1) : at::zeros({images});
  const Tensor centring = positions.mean(1).square().sum(1).reshape({images, samples}).mean(1);
  const Tensor share = weight.defined() ? weight / weight.sum() : at::full({images}, 1.0 / double(images));
  auto mean = [&](const Tensor& values) { return (values * share).sum(); };

  LossTerms terms;
  terms.total = mean(-fit + warmth * (config.conformation_kl * kl + config.chain * chain) +
                     config.torsions * torsions + config.centring * centring);
  terms.bound = (log_likelihood.mean(1) - kl).detach();
  terms.log_likelihood = mean(log_likelihood.mean(1)).item<double>();
  terms.kl = mean(kl).item<double>();
  terms.chain = mean(chain).item<double>();
  terms.torsions = mean(torsions).item<double>();
  terms.centring = mean(centring).item<double>();
  terms.positions = positions.detach();
  terms.latents = latents.detach();
  terms.overlap = seen.overlap;
  terms.power = seen.power;
  return terms;
}

Tensor antithetic_noise(Random random, int64_t batch, int64_t samples, int64_t dim) {
  const int64_t half = (samples + 1) / 2;
  Tensor draws = at::empty({batch, half, dim});
  random.fill_normal(draws.data_ptr<float>(), size_t(draws.numel()));
  return at::cat({draws, -draws.slice(1, 0, samples / 2)}, 1);
}

Tensor sleep_loss(const Autoencoder& model, const ParticleBatch& batch, const Tensor& positions, const Tensor& latents,
                  Random random) {
  Tensor features;
  {
    at::NoGradGuard guard;
    const int64_t images = batch.size();
    ParticleBatch simulated = batch;
    Tensor scale = at::empty({images});
    for (int64_t i = 0; i < images; ++i) {
      const int group = batch.optics_group[i];
      scale.data_ptr<float>()[i] = static_cast<float>(model.images.scale.mean[group] +
                                                      model.images.scale.deviation[group] * random.normal());
    }
    simulated.images = model.images.predict(positions, batch, scale) + model.images.noise_images(batch, random);
    const ObservedBatch observed = model.images.observe(simulated);
    features = model.encoder.features(simulated, observed, model.images, batch.rotation, batch.shift);
  }
  return -model.encoder(features).log_density(latents.unsqueeze(1)).mean();
}

}  // namespace cryomer
