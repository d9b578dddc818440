#include "cryomer/training/candidate_refinement.h"

#include <torch/csrc/autograd/autograd.h>

#include "cryomer/base/stop.h"
#include "cryomer/model/posterior_table.h"
#include "cryomer/training/objective.h"
#include "cryomer/training/pose_table.h"

namespace cryomer {

namespace {

RefinedViews refine_part(const Autoencoder& model, const ParticleBatch& views, const DiagonalGaussian& start,
                         const Tensor& pose_deviation, const Refinement& refinement, const Random& random, double radius) {
  const Restraints no_restraints{std::make_shared<std::vector<DistanceRestraint>>()};
  ObjectiveConfig objective;
  objective.chain = objective.centring = 0;
  const int64_t count = views.size();
  const Tensor rows = at::arange(count, at::kLong);
  const ObservedBatch observed = model.images.observe(views);
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
    ParticleBatch posed = views;
    posed.rotation = poses.rotation.select(1, 0);
    posed.shift = poses.shift.select(1, 0);
    Tensor move;
    if (pose_deviation.defined()) {
      const FollowingPoses following = posed_by_conformations(model, conformations, posed, observed, pose_deviation, radius);
      posed.rotation = following.poses.rotation;
      posed.shift = following.poses.shift;
      move = following.move.to(at::kCPU);
    }
    const LossTerms terms = loss(model, objective, no_restraints, posed, observed, own.posterior(), conformations, {});
    bound = terms.bound.to(at::kCPU);
    if (last) break;
    const auto gradients = torch::autograd::grad({terms.total * double(count)}, {own.mean, own.log_deviation});
    own.mean.mutable_grad() = gradients[0];
    own.log_deviation.mutable_grad() = gradients[1];
    table.update(own, refinement.learning_rate * (1 - double(step) / double(refinement.steps)), refinement.mean_share);
    if (move.defined()) poses.follow(rows, move, radius);
  }
  return {table.rows(rows), {poses.rotation.select(1, 0), poses.shift.select(1, 0)}, bound};
}

}  // namespace

RefinedViews refine_views(const Autoencoder& model, const ParticleBatch& views, const DiagonalGaussian& start,
                          const Refinement& refinement, const Random& random, const Tensor& pose_deviation) {
  const at::AutoGradMode with_gradients(true);  // wherever this is called from
  const FrozenParameters frozen(model.parameters);
  model.prior.prepare();
  const double radius = molecule_radius(model.base_positions.unsqueeze(0));
  const int64_t parts = model.device().is_cuda() ? 1 : part_count(views.size(), 16);
  std::vector<RefinedViews> found(static_cast<size_t>(parts));
  parallel_parts(views.size(), parts, [&](int64_t part, int64_t first, int64_t last) {
    found[part] = refine_part(model, views.slice(first, last), {start.mean.slice(0, first, last), start.deviation.slice(0, first, last)},
                              pose_deviation, refinement, random, radius);
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

}  // namespace cryomer
