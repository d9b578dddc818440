// What a run does between epochs: judges itself, fits the prior, searches poses again.
#include <algorithm>
#include <cmath>
#include <limits>

#include "cryomer/base/log.h"
#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"
#include "cryomer/base/text.h"
#include "cryomer/training/trainer.h"

namespace cryomer {

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kLeastFlatEpochs = 5;       // fewer flat ones are chance
constexpr int64_t kLargestHeldOut = 512;     // images judged after each epoch
constexpr int64_t kLargestPriorFit = 20000;  // particles that the prior is fitted to
constexpr double kLastSearch = 0.6;          // share of the run after which poses are not searched again
constexpr double kSearchTemperature = 100;   // candidates of all weights get latents

}  // namespace

void Trainer::give_particles_posteriors() {
  at::NoGradGuard guard;
  table_ = PosteriorTable(stack_.size() * poses_.slots(), model_.latent_dim);
  for (const std::vector<int64_t>* part : {&split_.training, &split_.held_out}) {
    for (size_t first = 0; first < part->size(); first += 256) {
      const size_t last = std::min(first + 256, part->size());
      const ParticleBatch batch = loader_.load({part->begin() + int64_t(first), part->begin() + int64_t(last)});
      const CandidateViews views = candidate_views(batch, poses_, kSearchTemperature);
      table_.assign(views.rows, model_.encode(views.batch));
    }
  }
  fit_prior_to_particles(20);
  log_info("Second stage: every particle has its own posterior, the prior {} components", model_.prior.components());
}

void Trainer::fit_prior_to_particles(int64_t iterations) {
  const int64_t components = setup_.config.model.prior_components;
  if (components <= 1) return;
  std::vector<int64_t> particles = split_.training;
  if (int64_t(particles.size()) > kLargestPriorFit) particles.resize(kLargestPriorFit);
  for (int64_t& particle : particles) particle = particle * poses_.slots() + poses_.best_slot(particle);
  model_.prior = fitted_prior(model_.prior, table_.rows(tensor_from(particles)), components, iterations,
                              uint64_t(setup_.config.seed));
}

Figures Trainer::judge_held_out(double& base_log_likelihood) {
  Figures result;
  const auto count = std::min<int64_t>(kLargestHeldOut, int64_t(split_.held_out.size()));
  const FrozenParameters frozen(model_.parameters);
  for (int64_t first = 0; first < count; first += 256) {
    const int64_t last = std::min(first + 256, count);
    const ParticleBatch batch = loader_.load({split_.held_out.begin() + first, split_.held_out.begin() + last});
    const CandidateViews views = candidate_views(batch, poses_, 1);
    const ObservedBatch observed = model_.images.observe(batch);
    const Tensor noise = antithetic_noise(draws(kHeldOutNoise, uint64_t(optimiser_.steps + first)), views.batch.size(), 2, model_.latent_dim);
    // Their own posteriors follow the decoder as those of the training particles do; the decoder does not see them.
    const double share = double(batch.size()) / double(count);
    for (const StepPart& part : parts_of(views, noise, {{}, 0.0, false, schedule_.poses_alone()}, draws(kSleep, 0))) {
      result.add(share * part.images / double(views.images), part.terms.figures());
      learn_views(part, schedule_.learning_rate());
    }
    at::NoGradGuard guard;
    const Poses poses = best_poses(batch, observed);
    const ViewIndex base_views{at::zeros({batch.size()}, at::kLong), at::arange(batch.size(), at::kLong)};
    base_log_likelihood +=
        share * model_.images.log_likelihood(model_.base_positions.unsqueeze(0), poses.rotation, poses.shift, base_views, observed)
                    .log_likelihood.mean().item<double>();
  }
  return result;
}

void Trainer::end_of_epoch() {
  const TrainingConfig& c = setup_.config;
  look_at_the_clock();
  MetricsRow row;
  row.held_out = judge_held_out(row.base_log_likelihood);
  if (!std::isfinite(row.held_out.log_likelihood) || !std::isfinite(row.held_out.kl)) {
    fail("training diverged at step {}: held-out log likelihood {}, divergence {}. The last good checkpoint is kept; try a "
         "smaller optimiser.learning_rate than {}",
         optimiser_.steps, row.held_out.log_likelihood, row.held_out.kl, c.optimiser.learning_rate);
  }
  const double n = double(summed_steps_);
  row.step = optimiser_.steps;
  row.epoch = optimiser_.steps / steps_per_epoch_;
  row.seconds = elapsed();
  row.stage = particles_have_posteriors() ? "particles" : schedule_.poses_alone() ? "poses" : "encoder";
  row.training.add(1 / n, sums_);
  row.encoder_loss = encoder_loss_ / n;
  row.images_per_second = double(summed_views_ * c.objective.samples) / seconds_since(epoch_start_);
  if (poses_are_candidates()) {
    const PoseFigures poses = pose_figures(poses_, split_.training);
    row.effective_candidates = poses.effective_candidates;
    row.pose_entropy = poses.entropy;
    row.best_pose_weight = poses.best_weight;
    row.best_pose_changed = changed_poses_;
  }
  // A better model explains more of each image, and the scales move with it.
  scales_.update(model_.images.scale);
  for (const double mean : model_.images.scale.mean) row.scale += mean / double(model_.images.scale.mean.size());
  const double value = row.held_out.log_likelihood - row.held_out.kl;
  if (split_.held_out.empty()) row.held_out.log_likelihood = row.held_out.kl = row.held_out.chain = row.base_log_likelihood = kUnknown;
  metrics_.append(row);
  const double done = schedule_.progress();
  const std::string likelihood =
      split_.held_out.empty()
          ? formatted("log likelihood {:7.2f} nats/image, nothing held out", row.training.log_likelihood)
          : formatted("gain over base {:6.2f}, held out {:6.2f} nats/image", row.training.log_likelihood - row.base_log_likelihood,
                      row.held_out.log_likelihood - row.base_log_likelihood);
  show_status_line(formatted("epoch {:>4} ({})  {}  kl {:5.2f}  chain {:6.1f}  {}, {} left", row.epoch, row.stage, likelihood, row.training.kl,
                             row.training.chain, duration_text(row.seconds), duration_text(seconds_left(row.seconds))));
  if (value > best_held_out_ + 0.01 || schedule_.warmed() < 1 || schedule_.poses_alone()) {
    best_held_out_ = value;
    best_progress_ = done;
  } else if (!schedule_.settling() && !split_.held_out.empty() && c.patience > 0 && done - best_progress_ > std::max(c.patience, kLeastFlatEpochs * done / double(row.epoch))) {
    log_info("The held-out likelihood has been flat since {:.0f} % of the run: settling", 100 * best_progress_);
    schedule_.settle();
  }
  if (schedule_.settled()) finished_ = true;
  if (particles_have_posteriors()) {
    fit_prior_to_particles(1);
  } else if (!c.posterior.encoder_only && schedule_.warmed() >= 1) {
    give_particles_posteriors();
  }
  search_due_ = poses_are_candidates() && searches_ < c.pose_search.searches &&
                done >= kLastSearch * double(searches_ + 1) / double(c.pose_search.searches);
  sums_ = Figures();
  summed_views_ = 0;
  encoder_loss_ = 0;
  summed_steps_ = 0;
  scales_ = ScaleStatistics(scales_.sums.size(0));
  epoch_start_ = std::chrono::steady_clock::now();
}

void Trainer::search_poses_again() {
  // A search that is stopped half-way is started anew.
  save_checkpoint();
  const TrainingConfig& c = setup_.config;
  const double started = elapsed();
  SearchOutcome outcome;
  try {
    outcome = search_again(model_, loader_, c, poses_, table_, draws(kSearch, uint64_t(searches_)));
  } catch (const Interrupted&) {
    throw Interrupted(formatted("stopped while searching poses after step {}; continue with --resume", optimiser_.steps));
  }
  search_seconds_ += elapsed() - started;
  search_due_ = false;
  ++searches_;
  changed_poses_ = outcome.changed;
  log_info("Search {} of {} with learned structures: {:.2f} new candidates a particle, another best pose for {:.1f} % of {} particles{}",
           searches_, c.pose_search.searches, outcome.proposed, 100 * outcome.changed, outcome.searched,
           outcome.searched < poses_.particles() ? ": the others keep their poses" : "");
  save_checkpoint();
  last_checkpoint_ = epoch_start_ = std::chrono::steady_clock::now();
}

}  // namespace cryomer
