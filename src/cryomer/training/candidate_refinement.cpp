#include "cryomer/training/candidate_refinement.h"

#include <torch/csrc/autograd/autograd.h>

#include "cryomer/base/stop.h"
#include "cryomer/model/posterior_table.h"
#include "cryomer/training/objective.h"
#include "cryomer/training/pose_table.h"

namespace cryomer {

namespace {

// The views at the poses near theirs that fit each conformation best, and where those want the views' own to be; as they are, and nothing, where poses stay.
std::pair<ParticleBatch, Tensor> at_their_poses(const Autoencoder& model, const DrawnConformations& conformations, const ParticleBatch& views,
                                                const ObservedBatch& observed, const Tensor& pose_deviation, double radius) {
  if (!pose_deviation.defined()) return {views, Tensor()};
  const FollowingPoses following = posed_by_conformations(model, conformations, views, observed, pose_deviation, radius);
  return {views.with_poses(following.poses), following.move.to(at::kCPU)};
}

RefinedViews refine_part(const Autoencoder& model, const ParticleBatch& views, const DiagonalGaussian& start, const Tensor& pose_deviation,
                         const Tensor& seen, const Refinement& refinement, const Random& random, double radius) {
  const Restraints no_restraints{std::make_shared<std::vector<DistanceRestraint>>()};
  ObjectiveConfig objective;
  objective.chain = objective.centring = 0;
  ObjectiveStage stage;
  stage.conformation_kl = 1 / refinement.likelihood_power.value_or(1);
  const int64_t count = views.size();
  const Tensor rows = at::arange(count, at::kLong);
  ObservedBatch observed = model.images.observe(views);
  if (seen.defined()) observed = observed.masked(seen);
  PosteriorTable table(count, model.latent_dim);
  table.assign(rows, start);
  PoseTable poses(count, 1);
  poses.rotation.copy_(views.rotation.unsqueeze(1));
  poses.shift.copy_(views.shift.unsqueeze(1));
  Tensor bound;
  for (int64_t step = 0; step <= refinement.steps; ++step) {
    const bool last = step == refinement.steps;
    const PosteriorTable::Leaves own = table.leaves(rows);
    // The same draws for all images.
    const DrawnConformations conformations = draw_conformations(
        model, own.posterior(), antithetic_noise(random.substream(uint64_t(step)), 1, last ? 4 : refinement.samples, model.latent_dim).expand({count, -1, -1}));
    const ParticleBatch own_poses = views.with_poses({poses.rotation.select(1, 0), poses.shift.select(1, 0)});
    const auto [posed, move] = at_their_poses(model, conformations, own_poses, observed, pose_deviation, radius);
    const LossTerms terms = loss(model, objective, no_restraints, posed, observed, own.posterior(), conformations, stage);
    bound = terms.bound.to(at::kCPU);
    if (last) break;
    const auto gradients = torch::autograd::grad({terms.total * double(count)}, {own.mean, own.log_deviation});
    own.mean.mutable_grad() = gradients[0];
    own.log_deviation.mutable_grad() = gradients[1];
    table.update(own, refinement.learning_rate * (1 - double(step) / double(refinement.steps)));
    if (move.defined()) poses.follow(rows, move, radius);
  }
  return {table.rows(rows), {poses.rotation.select(1, 0), poses.shift.select(1, 0)}, bound};
}

}  // namespace

RefinedViews refine_views(const Autoencoder& model, const ParticleBatch& views, const DiagonalGaussian& start,
                          const Refinement& refinement, const Random& random, const Tensor& pose_deviation, const Tensor& seen) {
  const at::AutoGradMode with_gradients(true);  // wherever this is called from
  const FrozenParameters frozen(model.parameters);
  model.prior.prepare();
  const double radius = molecule_radius(model.base_positions.unsqueeze(0));
  const int64_t parts = model.device().is_cuda() ? 1 : part_count(views.size(), 16);
  std::vector<RefinedViews> found(static_cast<size_t>(parts));
  parallel_parts(views.size(), parts, [&](int64_t part, int64_t first, int64_t last) {
    found[part] = refine_part(model, views.slice(first, last), {start.mean.slice(0, first, last), start.deviation.slice(0, first, last)},
                              pose_deviation, seen, refinement, random, radius);
  });
  if (stop_requested()) throw Interrupted("stopped; nothing was written");
  std::vector<Tensor> mean, deviation, rotation, shift, bound;
  for (const RefinedViews& part : found) {
    mean.push_back(part.posterior.mean);
    deviation.push_back(part.posterior.deviation);
    rotation.push_back(part.poses.rotation);
    shift.push_back(part.poses.shift);
    bound.push_back(part.bound);
  }
  return {{at::cat(mean), at::cat(deviation)}, {at::cat(rotation), at::cat(shift)}, at::cat(bound)};
}

Tensor unseen_log_likelihood(const Autoencoder& model, const ParticleBatch& views, const Tensor& mean, const Tensor& seen,
                             const Tensor& pose_deviation) {
  at::NoGradGuard guard;
  const ObservedBatch observed = model.images.observe(views);
  const DrawnConformations at_means = draw_conformations(model, {mean, at::zeros_like(mean)}, at::zeros({views.size(), 1, model.latent_dim}));
  const ParticleBatch posed = at_their_poses(model, at_means, views, observed.masked(seen), pose_deviation, molecule_radius(model.base_positions.unsqueeze(0))).first;
  const Tensor rows = at::arange(views.size(), at::kLong);
  return model.images.log_likelihood(model.widths(), at_means.positions, posed.rotation, posed.shift, {rows, rows}, observed.masked(1 - seen))
      .log_likelihood.to(at::kCPU);
}

}  // namespace cryomer
