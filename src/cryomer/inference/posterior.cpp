#include "cryomer/inference/posterior.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cryomer/base/log.h"
#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"
#include "cryomer/base/text.h"
#include "cryomer/data/particle_loader.h"
#include "cryomer/pose_search/pose_finder.h"
#include "cryomer/training/data_fingerprint.h"
#include "cryomer/training/objective.h"
#include "cryomer/training/pose_inference.h"

namespace cryomer {

// The candidates of a batch's particles and the latents to start from.
struct InferenceCandidates {
  CandidateViews views;
  DiagonalGaussian start;
};

namespace {

using Candidates = InferenceCandidates;

constexpr int64_t kDrawnPoses = 64;  // of a pose network, for each image

// What training ended with, but for the latents: with poses that moved along, they have learned some of each image's noise, and the encoder's guess
// is nearer to the truth.
Candidates known_candidates(const TrainedModel& trained, const ParticleBatch& batch) {
  Candidates found;
  found.views = candidate_views(batch, trained.poses, 1);
  found.start = trained.model->encode(found.views.batch);
  return found;
}

// Each image's own pose with every conformation.
std::vector<std::vector<PoseCandidate>> starts_at(const ParticleBatch& batch, int conformations) {
  std::vector<std::vector<PoseCandidate>> starts(batch.size());
  for (int64_t i = 0; i < batch.size(); ++i) {
    const Pose pose = batch.poses().at(i);
    for (int c = 0; c < conformations; ++c) starts[i].push_back({c, pose, 0});
  }
  return starts;
}

// From nothing, or from the poses that the images came with.
Candidates searched_candidates(const TrainedModel& trained, PoseFinder& finder, const ParticleBatch& batch, bool near_given) {
  const PoseSearchConfig& c = trained.setup.config.pose_search;
  const auto peaks = near_given ? finder.climb(batch, starts_at(batch, finder.conformations()), int(c.candidates))
                                : finder.find(batch, int(c.climb), int(c.candidates));
  PoseTable table(batch.size(), c.candidates);
  ParticleBatch numbered = batch;
  for (int64_t i = 0; i < batch.size(); ++i) {
    numbered.particle[i] = i;
    for (size_t s = 0; s < peaks[i].size(); ++s) {
      table.put(i, int64_t(s), peaks[i][s].pose, peaks[i][s].log_likelihood);
    }
  }
  Candidates found;
  found.views = candidate_views(numbered, table, 4);
  found.start = trained.model->encode(found.views.batch);
  return found;
}

// The best of some poses drawn from the model's network, for each image.
Candidates network_candidates(const TrainedModel& trained, const ParticleBatch& batch) {
  const Autoencoder& model = *trained.model;
  const int64_t images = batch.size();
  const ObservedBatch observed = model.images.observe(batch);
  Candidates found;
  found.start = model.encode(batch, observed);
  const Tensor draws = antithetic_noise(Random(uint64_t(trained.setup.config.seed), 0x9e7), 1, kDrawnPoses - 1, PoseNetwork::kLatents);
  const Tensor noise = at::cat({at::zeros({1, 1, PoseNetwork::kLatents}), draws}, 1).expand({images, -1, -1}).to(model.device());
  const Poses drawn = model.pose_network->poses(model.encode_pose(batch, observed).sample(noise).reshape({-1, PoseNetwork::kLatents}));
  const Poses poses{drawn.rotation.to(at::kCPU), drawn.shift.to(at::kCPU)};
  const ViewIndex views{at::arange(images, at::kLong).repeat_interleave(kDrawnPoses), at::arange(images, at::kLong).repeat_interleave(kDrawnPoses)};
  const Tensor likelihood = model.images.log_likelihood(model.decoder(found.start.mean), poses.rotation, poses.shift, views, observed).log_likelihood.to(at::kCPU);
  const Tensor best = likelihood.reshape({images, kDrawnPoses}).argmax(1) + at::arange(images, at::kLong) * kDrawnPoses;
  found.views.batch = batch;
  found.views.batch.rotation = poses.rotation.index_select(0, best);
  found.views.batch.shift = poses.shift.index_select(0, best);
  found.views.images = images;
  found.views.weight = at::ones({images});
  return found;
}

Candidates given_candidates(const TrainedModel& trained, const ParticleBatch& batch, bool known) {
  Candidates found;
  found.views.batch = batch;
  found.views.images = batch.size();
  found.views.weight = at::ones({batch.size()});
  found.start = known ? trained.latents.rows(tensor_from(batch.particle)) : trained.model->encode(batch);
  return found;
}

// Whether training ended with something for these very particles.
bool learned_from(const TrainedModel& trained, const ParticleStack& stack) {
  if ((trained.poses_were_inferred() ? trained.poses.particles() : trained.latents.size()) != stack.size()) return false;
  if (trained.particles_fingerprint.empty() || trained.particles_fingerprint == particles_fingerprint(stack)) return true;
  log_warning("{}: not the particles that the run was trained on (rows or pixels differ): they are inferred as new ones", stack.path());
  return false;
}

// For each optics group of the stack, the one of the training data that has its name: noise and scale are known by group.
std::vector<int> groups_in_training(const TrainedModel& trained, const ParticleStack& stack) {
  const std::vector<std::string>&known = trained.optics_groups, names = optics_group_names(stack);
  if (names == known || (names.size() == 1 && known.size() == 1)) {
    std::vector<int> same(names.size());
    std::iota(same.begin(), same.end(), 0);
    return same;
  }
  std::vector<int> result;
  for (const std::string& name : names) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      fail("{}: nothing is known of the noise of optics group '{}': the model was trained on {}. Leave its particles out, or give it the name "
           "of the group that it belongs to",
           stack.path(), name, join(known, ", "));
    }
    result.push_back(int(found - known.begin()));
  }
  return result;
}

// Of each particle, in order, the candidate with the best bound, and its weight among them.
struct BestViews {
  std::vector<int64_t> view;
  std::vector<double> weight;
};
BestViews best_views(const ParticleBatch& views, const Tensor& bounds) {
  BestViews best;
  const float* const bound = bounds.data_ptr<float>();
  for (int64_t v = 0; v < views.size();) {
    int64_t last = v, chosen = v;
    double sum = 0;
    for (; last < views.size() && views.particle[last] == views.particle[v]; ++last) {
      if (bound[last] > bound[chosen]) chosen = last;
    }
    for (; v < last; ++v) sum += std::exp(double(bound[v]) - bound[chosen]);
    best.view.push_back(chosen);
    best.weight.push_back(1 / sum);
  }
  return best;
}

}  // namespace

ImageInference::ImageInference(const TrainedModel& trained, const ParticleStack& stack, bool own_particles, const Refinement& refinement)
    : trained_(trained), loader_(stack), refinement_(refinement) {
  if (!refinement_.likelihood_power) refinement_.likelihood_power = trained.inference.likelihood_power;
  const int box = trained.model->images.grid().box;
  if (stack.box() != box) fail("{}: images of {} pixels, but the model was trained on {} pixels", stack.path(), stack.box(), box);
  const double pixel_size = smallest_pixel_size(stack);
  if (std::abs(pixel_size - trained.smallest_pixel_size) > 0.02 * trained.smallest_pixel_size) {
    fail("{}: a pixel size of {:.4g} A, but the model was trained on {:.4g} A, and its noise spectrum holds for that. Rescale "
         "the particles, or correct the pixel size",
         stack.path(), pixel_size, trained.smallest_pixel_size);
  }
  group_in_training_ = groups_in_training(trained, stack);
  known_ = own_particles && learned_from(trained, stack);
  if (!trained.poses_were_inferred() || known_ || trained.model->pose_network) return;
  at::NoGradGuard guard;
  const TrainingConfig& c = trained.setup.config;
  finder_.emplace(trained.model->images, learned_structures(*trained.model, uint64_t(c.seed)), pose_grid(c.pose_search));
}

ParticleBatch ImageInference::load(const std::vector<int64_t>& rows) const {
  ParticleBatch batch = loader_.load(rows);
  for (int& group : batch.optics_group) group = group_in_training_[group];
  return batch;
}

Candidates ImageInference::candidates(const ParticleBatch& batch) {
  at::NoGradGuard guard;
  Candidates found = !trained_.poses_were_inferred()   ? given_candidates(trained_, batch, known_)
                     : trained_.model->pose_network    ? network_candidates(trained_, batch)
                     : finder_                         ? searched_candidates(trained_, *finder_, batch, trained_.setup.config.data.poses == "refine")
                                                       : known_candidates(trained_, batch);
  found.start = found.start.to(at::kCPU);
  return found;
}

RefinedViews ImageInference::refined(const Candidates& candidates, const Tensor& seen) const {
  return refine_views(*trained_.model, candidates.views.batch, candidates.start, refinement_, Random(uint64_t(trained_.setup.config.seed), 0x2ef),
                      trained_.poses_were_inferred() ? trained_.poses.deviation : Tensor(), seen);
}

Posterior ImageInference::infer(const ParticleBatch& batch) {
  const Candidates found = candidates(batch);
  const ParticleBatch& views = found.views.batch;
  const bool refine = refinement_.steps > 0 || finder_;
  const RefinedViews refined_views = refine ? refined(found) : RefinedViews{found.start, views.poses(), found.views.weight.log()};
  const BestViews best = best_views(views, refined_views.bound);
  Posterior result;
  for (const int64_t view : best.view) {
    result.poses.push_back(refined_views.poses.at(view));
    if (refine) result.bound.push_back(refined_views.bound[view].item<float>());
  }
  result.weight = best.weight;
  result.mean = refined_views.posterior.mean.index_select(0, tensor_from(best.view));
  result.deviation = refined_views.posterior.deviation.index_select(0, tensor_from(best.view));
  return result;
}

std::vector<double> ImageInference::explain_unseen(const ParticleBatch& batch, const Tensor& seen) {
  Candidates found = candidates(batch);
  const ParticleBatch& views = found.views.batch;
  {
    at::NoGradGuard guard;
    found.start = trained_.model->encode(views, trained_.model->images.observe(views).masked(seen)).to(at::kCPU);
  }
  const RefinedViews views_of_seen = refined(found, seen);
  const Tensor explained = unseen_log_likelihood(*trained_.model, views.with_poses(views_of_seen.poses), views_of_seen.posterior.mean, seen,
                                                 trained_.poses_were_inferred() ? trained_.poses.deviation : Tensor());
  std::vector<double> result;
  for (const int64_t view : best_views(views, views_of_seen.bound).view) result.push_back(explained[view].item<float>());
  return result;
}

Posterior infer_posterior(const TrainedModel& trained, const ParticleStack& stack, bool own_particles, const Refinement& refinement) {
  return infer_posterior_of(all_particles(stack), trained, stack, own_particles, refinement);
}

Posterior infer_posterior_of(const std::vector<int64_t>& rows, const TrainedModel& trained, const ParticleStack& stack,
                             bool own_particles, const Refinement& refinement) {
  ImageInference inference(trained, stack, own_particles, refinement);
  std::vector<Tensor> means, deviations;
  Posterior result;
  const auto count = int64_t(rows.size());
  Progress progress("inferring", count, "particles");
  for (int64_t first = 0; first < count; first += 256) {
    const ParticleBatch batch = inference.load({rows.begin() + first, rows.begin() + std::min(first + 256, count)});
    const Posterior found = inference.infer(batch);
    means.push_back(found.mean);
    deviations.push_back(found.deviation);
    result.poses.insert(result.poses.end(), found.poses.begin(), found.poses.end());
    result.weight.insert(result.weight.end(), found.weight.begin(), found.weight.end());
    result.bound.insert(result.bound.end(), found.bound.begin(), found.bound.end());
    if (stop_requested()) throw Interrupted("stopped; nothing was written");
    progress.advance(batch.size());
  }
  progress.finish();
  result.mean = at::cat(means);
  result.deviation = at::cat(deviations);
  return result;
}

}  // namespace cryomer
