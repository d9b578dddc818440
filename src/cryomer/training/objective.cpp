#include "cryomer/training/objective.h"

#include <cmath>

#include "cryomer/ops/structure_energies.h"

namespace cryomer {

namespace {

constexpr int64_t kPricedEvery = 8;  // structures

// log likelihoods [images, views] -> what the objective makes of each image's, [images].
Tensor fit_of(const ObjectiveConfig& config, const Tensor& log_likelihood) {
  if (config.kind != "multi_sample") return log_likelihood.mean(1);
  return at::logsumexp(log_likelihood, 1) - std::log(double(log_likelihood.size(1)));
}

// Differences of images from what they show of `positions` [images * samples or 1, atoms, 3] at the batch's poses, which are in
// order of image and sample.
ImageLikelihoodOutput seen_at_poses(const Autoencoder& model, const Tensor& positions, const ParticleBatch& batch, const ObservedBatch& observed) {
  const int64_t images = batch.size(), conformations = positions.size(0), views = batch.rotation.size(0);
  const ViewIndex index{conformations == 1 ? at::zeros({views}, at::kLong)
                                           : at::arange(conformations, at::kLong).repeat_interleave(views / conformations),
                        at::arange(images, at::kLong).repeat_interleave(views / images)};
  return model.images.log_likelihood(model.widths(), positions, batch.rotation, batch.shift, index, observed);
}

}  // namespace

void Figures::add(double share, const Figures& other) {
  log_likelihood += share * other.log_likelihood;
  kl += share * other.kl;
  chain += share * other.chain;
  clashes += share * other.clashes;
  ramachandran += share * other.ramachandran;
  rotamers += share * other.rotamers;
  torsions += share * other.torsions;
  centring += share * other.centring;
  left_handed += share * other.left_handed;
}

Figures LossTerms::figures() const {
  const std::vector<double> m = to_doubles(means);
  return {m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8]};
}

DrawnConformations draw_conformations(const Autoencoder& model, const DiagonalGaussian& posterior, const Tensor& noise) {
  check_shape(noise, "noise", {posterior.mean.size(0), -1, model.latent_dim});
  DrawnConformations result;
  result.drawn = posterior.to(model.device()).sample(brought_to(model.device(), noise));
  result.latents = result.drawn.reshape({-1, model.latent_dim});
  result.representation = model.decoder.representation(result.latents);
  result.moves = model.decoder.moves(result.latents, result.representation);
  result.positions = model.decoder.place(result.moves);
  return result;
}

FollowingPoses posed_by_conformations(const Autoencoder& model, const DrawnConformations& conformations, const ParticleBatch& batch,
                                      const ObservedBatch& observed, const Tensor& deviation, double radius) {
  const int64_t images = batch.size(), samples = conformations.drawn.size(1);
  FollowingPoses result = follow_conformations(model.images, observed, conformations.positions, at::arange(images, at::kLong).repeat_interleave(samples),
                                               {batch.rotation.repeat_interleave(samples, 0), batch.shift.repeat_interleave(samples, 0)}, deviation, radius);
  result.move = result.move.reshape({images, samples, 5}).mean(1);
  return result;
}

LossTerms loss(const Autoencoder& model, const ObjectiveConfig& config, const Restraints& restraints,
               const ParticleBatch& batch, const ObservedBatch& observed, const DiagonalGaussian& posterior,
               const DrawnConformations& conformations, const ObjectiveStage& stage, const Tensor& weight) {
  const auto& [drawn, latents, representation, moves, positions] = conformations;
  const int64_t images = batch.size(), samples = drawn.size(1);
  const ParticleBatch posed = batch.rotation.size(0) > images || samples == 1
                                  ? batch
                                  : batch.with_poses({batch.rotation.repeat_interleave(samples, 0), batch.shift.repeat_interleave(samples, 0)});
  const ImageLikelihoodOutput seen = seen_at_poses(model, positions, posed, observed);
  const Tensor log_likelihood = seen.log_likelihood.reshape({images, -1});
  const Tensor fit = fit_of(config, log_likelihood);
  const DiagonalGaussian drawn_from = posterior.to(drawn.device());
  const Tensor kl = model.prior.components() == 1
                        ? drawn_from.divergence_from_standard_normal()
                        : (drawn_from.log_density(drawn) - model.prior.log_density(latents).reshape({images, samples})).mean(1);
  const Tensor chain = distance_restraint_energies(restraints.chain, positions).reshape({images, samples}).mean(1);
  const Tensor torsions = moves.torsions.defined() ? (1 - moves.torsions.cos()).sum(1).reshape({images, samples}).mean(1) : at::zeros_like(chain);
  const Tensor rotamers = moves.torsions.defined() && restraints.rotamers && config.rotamers > 0
                              ? staggering_energies(*restraints.rotamers, moves.torsions).reshape({images, samples}).mean(1)
                              : at::zeros_like(chain);
  const Tensor centring = positions.mean(1).square().sum(1).reshape({images, samples}).mean(1);
  const Tensor share = weight.defined() ? brought_to(kl.device(), weight / weight.sum()) : at::full_like(kl, 1.0 / double(images));
  auto mean = [&](const Tensor& values) { return (values * share).sum(); };
  // Clashes take longer to find than all else of a structure, so that some structures stand for all.
  auto some = [](const Tensor& of_all) { return of_all.slice(0, 0, of_all.size(0), kPricedEvery); };
  const Tensor counts = some(share.repeat_interleave(samples)), none = at::zeros_like(kl).sum();
  auto mean_of_some = [&](const Tensor& energies) { return (energies * counts).sum() / counts.sum(); };
  const Tensor clashes = restraints.clashes && config.clashes > 0 ? mean_of_some(clash_energies(restraints.clashes, some(positions))) : none;
  const Tensor ramachandran =
      restraints.ramachandran && config.ramachandran > 0 ? mean_of_some(backbone_torsion_energies(restraints.ramachandran, some(positions))) : none;
  const Tensor left_handed =
      restraints.left_handed && config.left_handed > 0 ? mean_of_some(backbone_torsion_energies(restraints.left_handed, some(positions))) : none;

  LossTerms terms;
  terms.total = mean(-fit + stage.conformation_kl * kl + stage.warmth * (config.chain * chain + config.rotamers * rotamers) +
                     config.torsions * torsions + config.centring * centring) +
                stage.warmth * (config.clashes * clashes + config.left_handed * left_handed) + stage.strictness * config.ramachandran * ramachandran;
  terms.bound = (fit - kl).detach();
  terms.means = at::stack({mean(fit), mean(kl), mean(chain), clashes, ramachandran, mean(rotamers), mean(torsions), mean(centring), left_handed}).detach();
  terms.positions = positions.detach();
  terms.latents = latents.detach();
  terms.overlap = seen.overlap;
  terms.power = seen.power;
  return terms;
}

LossTerms amortised_pose_loss(const Autoencoder& model, const ObjectiveConfig& config, const Restraints& restraints, const ParticleBatch& batch,
                              const ObservedBatch& observed, const Tensor& noise, bool alone, const ObjectiveStage& stage, Random random) {
  const PoseNetwork& network = *model.pose_network;
  const int64_t images = batch.size();
  const Tensor encoded = model.encoder.encoded(model.encoder.features(batch, observed, model.images, batch.rotation, batch.shift));
  const DiagonalGaussian posterior = model.encoder.posterior(encoded);
  DrawnConformations conformations;
  if (alone) {
    at::NoGradGuard guard;  // the network meets the decoder's representations, which do not learn yet
    conformations.representation = model.decoder.representation(posterior.sample(noise.slice(1, 0, 1).to(model.device())).reshape({images, -1}));
  } else {
    conformations = draw_conformations(model, posterior, noise);
  }
  const DiagonalGaussian pose = network(encoded, conformations.representation);
  const int64_t each = alone ? config.pose_samples_alone : config.pose_samples;
  const Tensor poses = pose.sample(antithetic_noise(random, pose.mean.size(0), each, PoseNetwork::kLatents).to(model.device()));
  const ParticleBatch posed = batch.with_poses(network.poses(poses.reshape({-1, PoseNetwork::kLatents})));
  LossTerms terms;
  if (alone) {
    const ImageLikelihoodOutput seen = seen_at_poses(model, model.base_positions.unsqueeze(0), posed, observed);
    const Tensor fit = fit_of(config, seen.log_likelihood.reshape({images, -1}));
    terms.total = -fit.mean();
    terms.bound = fit.detach();
    terms.means = at::constant_pad_nd(fit.mean().detach().reshape({1}), {0, 7});
  } else {
    terms = loss(model, config, restraints, posed, observed, posterior, conformations, stage);
  }
  terms.total = terms.total + config.pose_kl * pose.divergence_from_standard_normal().mean();
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
    ParticleBatch simulated = batch;
    simulated.images = model.images.simulate(positions, batch, random);
    const ObservedBatch observed = model.images.observe(simulated);
    features = model.encoder.features(simulated, observed, model.images, batch.rotation, batch.shift);
  }
  return -model.encoder(features).log_density(latents.unsqueeze(1)).mean();
}

}  // namespace cryomer
