#include "cryomer/training/trainer.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/log.h"
#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"
#include "cryomer/base/text.h"
#include "cryomer/base/units.h"
#include "cryomer/ops/distance_restraints_op.h"
#include "cryomer/protein/restraints.h"
#include "cryomer/training/checkpoint.h"

namespace cryomer {

namespace {

// Streams of random numbers, one for each purpose.
enum Purpose : uint64_t { kOrder = 0x10, kNoise, kHeldOutNoise, kSleep, kPrior };

// Share of the run over which the learning rate falls once the held-out bound is flat. To go on at a high rate would only
// fit the training images' noise.
constexpr double kSettlingShare = 0.15;

constexpr double kLeastFlatEpochs = 5;  // fewer flat ones are chance

constexpr int64_t kLargestHeldOut = 512;   // images judged after each epoch
constexpr int64_t kLargestPriorFit = 20000;  // particles that the prior is fitted to

Tensor index_of(const std::vector<int64_t>& particles) { return tensor_from(particles); }

// The optics group of each view when every image is compared with so many samples.
std::vector<int> groups_of_views(const ParticleBatch& batch, int64_t samples) {
  std::vector<int> groups;
  for (const int group : batch.optics_group) groups.insert(groups.end(), size_t(samples), group);
  return groups;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Trainer::Trainer(RunSetup setup, const ParticleStack& stack, RunDirectory directory)
    : setup_(std::move(setup)),
      stack_(stack),
      loader_(stack),
      directory_(std::move(directory)),
      metrics_(directory_.metrics()),
      split_(split_particles(stack.size(), setup_.config.data.held_out_fraction, uint64_t(setup_.config.seed))),
      model_(setup_.config.model, setup_.centred(), stack.box(), smallest_pixel_size(stack), uint64_t(setup_.config.seed)),
      restraints_(std::make_shared<std::vector<DistanceRestraint>>(setup_.config.objective.restraints == "bonds"
                                                                       ? peptide_bonds(setup_.structure)
                                                                       : chain_restraints(setup_.structure))),
      optimiser_(model_.parameters),
      start_(std::chrono::steady_clock::now()),
      last_checkpoint_(start_),
      epoch_start_(start_),
      scales_(int64_t(stack.optics_groups().size())) {
  const int64_t batch = setup_.config.optimiser.batch_size;
  const auto training = int64_t(split_.training.size());
  if (training < 2) fail("{}: {} particles are too few to train on", stack.path(), stack.size());
  if (training < batch) log_warning("{} particles to train on are less than a batch of {}", training, batch);
  steps_per_epoch_ = std::max<int64_t>(1, training / batch);
  log_info("Model: {} parameters, {} latent dimensions, {} atoms in {} rigid residues", model_.parameters.count(),
           model_.latent_dim, model_.bodies->atom_count(), model_.bodies->residue_count());
  calibrate_from_data();
}

void Trainer::calibrate_from_data() {
  const std::vector<ParticleBatch> some =
      loader_.load_some(split_.training, setup_.config.data.calibration_particles, uint64_t(setup_.config.seed));
  calibrate(model_.images, some, model_.base_positions);
  for (size_t g = 0; g < model_.images.scale.mean.size(); ++g) {
    const double mean = model_.images.scale.mean[g], deviation = model_.images.scale.deviation[g];
    log_info("Contrast of optics group '{}': protein is {}; scale {:.4g} +- {:.2g} between images",
             stack_.optics_groups()[g].name, mean < 0 ? "dark (images are read with inverted sign)" : "bright", mean,
             deviation);
  }
  const ParticleBatch& first = some.front();
  model_.encoder.calibrate(
      model_.encoder.features(first, model_.images.observe(first), model_.images, first.rotation, first.shift));
}

Random Trainer::draws(uint64_t purpose, uint64_t index) const {
  return Random(uint64_t(setup_.config.seed), purpose).substream(index);
}

double Trainer::elapsed() const { return earlier_seconds_ + seconds_since(start_); }

double Trainer::progress() const {
  double share = double(optimiser_.steps) / double(setup_.config.epochs * steps_per_epoch_);
  if (setup_.config.max_seconds > 0) share = std::max(share, elapsed() / setup_.config.max_seconds);
  return std::min(share, 1.0);
}

double Trainer::learning_rate() const {
  const OptimiserConfig& c = setup_.config.optimiser;
  const double warm = c.warmup_steps > 0 ? std::min(1.0, double(optimiser_.steps + 1) / c.warmup_steps) : 1.0;
  auto falling = [&](double from, double share) {
    return c.final_rate + (from - c.final_rate) * 0.5 * (1 + std::cos(kPi * std::min(share, 1.0)));
  };
  if (settling_from_ < 0) return warm * falling(1, progress());
  return warm * falling(falling(1, settling_from_), (progress() - settling_from_) / std::min(kSettlingShare, 1 - settling_from_ + 1e-9));
}

ParticleBatch Trainer::next_batch() {
  const int64_t epoch = optimiser_.steps / steps_per_epoch_, position = optimiser_.steps % steps_per_epoch_;
  const auto training = int64_t(split_.training.size());
  if (position == 0 || order_.empty()) order_ = draws(kOrder, uint64_t(epoch)).permutation(training);
  const int64_t size = std::min(setup_.config.optimiser.batch_size, training);
  std::vector<int64_t> particles;
  for (int64_t i = position * size; i < (position + 1) * size; ++i) particles.push_back(split_.training[order_[i]]);
  return loader_.load(particles);
}

void Trainer::train_step() {
  const TrainingConfig& c = setup_.config;
  const double done = progress(), rate = learning_rate();
  const double warmth = c.objective.warmup > 0 ? std::pow(0.01, std::max(0.0, 1 - done / c.objective.warmup)) : 1.0;
  const ParticleBatch batch = next_batch();
  const ObservedBatch observed = model_.images.observe(batch);
  const Tensor noise = antithetic_noise(draws(kNoise, uint64_t(optimiser_.steps)), batch.size(), c.objective.samples, model_.latent_dim);

  optimiser_.clear_gradients();
  std::optional<PosteriorTable::Leaves> own;
  DiagonalGaussian posterior;
  if (particles_have_posteriors()) {
    own = table_.leaves(index_of(batch.particle));
    posterior = own->posterior();
  } else {
    posterior = model_.encode(batch, observed);
  }
  const LossTerms terms = loss(model_, c.objective, restraints_, batch, observed, posterior, noise, warmth);
  // A particle's own posterior follows its own gradient, not the batch's mean.
  (terms.total * double(batch.size())).backward();
  optimiser_.scale_gradients(1.0 / double(batch.size()));
  double encoder_value = 0;
  if (own && c.posterior.sleep_share > 0) {
    const auto count = std::max<int64_t>(1, int64_t(std::llround(c.posterior.sleep_share * double(batch.size()))));
    const ParticleBatch some = batch.first(count);
    const Tensor chosen = at::arange(count, at::kLong) * c.objective.samples;
    const Tensor encoder_loss = sleep_loss(model_, some, terms.positions.index_select(0, chosen),
                                           terms.latents.index_select(0, chosen), draws(kSleep, uint64_t(optimiser_.steps)));
    encoder_loss.backward();
    encoder_value = encoder_loss.item<double>();
  }
  const double gradient = optimiser_.gradient_norm(), value = terms.total.item<double>();
  if (!std::isfinite(value) || !std::isfinite(gradient)) {
    fail("training diverged at step {}: loss {}, gradient norm {} (log likelihood {}, divergence {}, chain energy {}). "
         "The last good checkpoint is kept; try a smaller optimiser.learning_rate than {}",
         optimiser_.steps, value, gradient, terms.log_likelihood, terms.kl, terms.chain, c.optimiser.learning_rate);
  }
  // Here the parameters are known to be good, and the step that follows can be taken again.
  if (seconds_since(last_checkpoint_) > c.checkpoint_seconds) {
    save_checkpoint();
    last_checkpoint_ = std::chrono::steady_clock::now();
  }
  optimiser_.step(c.optimiser.learning_rate * rate, c.optimiser.clip);
  encoder_loss_ += encoder_value;
  if (own) table_.update(*own, c.posterior.learning_rate * rate);
  sums_.log_likelihood += terms.log_likelihood;
  sums_.kl += terms.kl;
  sums_.chain += terms.chain;
  sums_.centring += terms.centring;
  scales_.add(groups_of_views(batch, c.objective.samples), terms.overlap, terms.power);
  ++summed_steps_;
}

void Trainer::give_particles_posteriors() {
  at::NoGradGuard guard;
  table_ = PosteriorTable(stack_.size(), model_.latent_dim);
  for (const std::vector<int64_t>* part : {&split_.training, &split_.held_out}) {
    for (size_t first = 0; first < part->size(); first += 256) {
      const size_t last = std::min(first + 256, part->size());
      const ParticleBatch batch = loader_.load({part->begin() + int64_t(first), part->begin() + int64_t(last)});
      const ObservedBatch observed = model_.images.observe(batch);
      table_.assign(index_of(batch.particle), model_.encode(batch, observed));
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
  model_.prior = fitted_prior(model_.prior, table_.rows(index_of(particles)), components, iterations,
                              uint64_t(setup_.config.seed));
}

Figures Trainer::judge_held_out(double& base_log_likelihood) {
  Figures result;
  const auto count = std::min<int64_t>(kLargestHeldOut, int64_t(split_.held_out.size()));
  const FrozenParameters frozen(model_.parameters);
  for (int64_t first = 0; first < count; first += 256) {
    const int64_t last = std::min(first + 256, count);
    const ParticleBatch batch = loader_.load({split_.held_out.begin() + first, split_.held_out.begin() + last});
    const ObservedBatch observed = model_.images.observe(batch);
    const Tensor noise = antithetic_noise(draws(kHeldOutNoise, uint64_t(optimiser_.steps + first)), batch.size(), 2, model_.latent_dim);
    ObjectiveConfig objective = setup_.config.objective;
    objective.kind = "elbo";
    LossTerms terms;
    if (particles_have_posteriors()) {
      // Their own posteriors follow the decoder as those of the training particles do; the decoder does not see them.
      const PosteriorTable::Leaves own = table_.leaves(index_of(batch.particle));
      terms = loss(model_, objective, restraints_, batch, observed, own.posterior(), noise, 1.0);
      (terms.total * double(batch.size())).backward();
      table_.update(own, setup_.config.posterior.learning_rate * learning_rate());
    } else {
      at::NoGradGuard guard;
      terms = loss(model_, objective, restraints_, batch, observed,
                   model_.encode(batch, observed),
                   noise, 1.0);
    }
    const double share = double(batch.size()) / double(count);
    result.log_likelihood += share * terms.log_likelihood;
    result.kl += share * terms.kl;
    result.chain += share * terms.chain;
    at::NoGradGuard guard;
    const ViewIndex base_views{at::zeros({batch.size()}, at::kLong), at::arange(batch.size(), at::kLong)};
    base_log_likelihood +=
        share * model_.images.log_likelihood(model_.base_positions.unsqueeze(0), batch.rotation, batch.shift, base_views, observed)
                    .log_likelihood.mean().item<double>();
  }
  return result;
}

void Trainer::end_of_epoch() {
  const TrainingConfig& c = setup_.config;
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
  row.stage = particles_have_posteriors() ? "particles" : "encoder";
  row.training = {sums_.log_likelihood / n, sums_.kl / n, sums_.chain / n, sums_.centring / n};
  row.encoder_loss = encoder_loss_ / n;
  const int64_t batch = std::min<int64_t>(c.optimiser.batch_size, int64_t(split_.training.size()));
  row.images_per_second = n * double(batch * c.objective.samples) / seconds_since(epoch_start_);
  // A better model explains more of each image, and the scales move with it.
  scales_.update(model_.images.scale);
  for (const double mean : model_.images.scale.mean) row.scale += mean / double(model_.images.scale.mean.size());
  metrics_.append(row);
  const double done = progress();
  show_status_line(formatted("epoch {:>4} ({})  gain over base {:6.2f}, held out {:6.2f} nats/image  kl {:5.2f}  chain {:6.1f}  "
                             "{}, {} left",
                             row.epoch, row.stage, row.training.log_likelihood - row.base_log_likelihood,
                             row.held_out.log_likelihood - row.base_log_likelihood, row.training.kl, row.training.chain,
                             duration_text(row.seconds), duration_text(row.seconds * (1 - done) / std::max(done, 1e-6))));
  const double value = row.held_out.log_likelihood - row.held_out.kl;
  if (value > best_held_out_ + 0.01 || done < std::max(c.objective.warmup, c.posterior.encoder_share)) {
    best_held_out_ = value;
    best_progress_ = done;
  } else if (settling_from_ < 0 && c.patience > 0 && done - best_progress_ > std::max(c.patience, kLeastFlatEpochs * done / double(row.epoch))) {
    log_info("The held-out likelihood has been flat since {:.0f} % of the run: settling", 100 * best_progress_);
    settling_from_ = done;
  }
  if (settling_from_ >= 0 && done - settling_from_ >= kSettlingShare) finished_ = true;
  if (particles_have_posteriors()) {
    fit_prior_to_particles(1);
  } else if (done >= c.posterior.encoder_share) {
    give_particles_posteriors();
  }
  sums_ = Figures();
  encoder_loss_ = 0;
  summed_steps_ = 0;
  scales_ = ScaleStatistics(scales_.sums.size(0));
  epoch_start_ = std::chrono::steady_clock::now();
}

void Trainer::run() {
  last_checkpoint_ = epoch_start_ = std::chrono::steady_clock::now();
  while (!finished_ && progress() < 1) {
    train_step();
    if (optimiser_.steps % steps_per_epoch_ == 0) end_of_epoch();
    if (stop_requested()) {
      save_checkpoint();
      throw Interrupted(formatted("stopped at step {}; continue with --resume", optimiser_.steps));
    }
  }
  save_checkpoint();
}

void Trainer::save_checkpoint() const {
  NamedTensors checkpoint;
  store_model(model_, checkpoint);
  store_optimiser(optimiser_, checkpoint);
  store_posteriors(table_, checkpoint);
  store_origin(setup_.origin, checkpoint);
  store_scalar(checkpoint, "state/seconds", elapsed());
  store_scalar(checkpoint, "state/best_held_out", best_held_out_);
  store_scalar(checkpoint, "state/best_progress", best_progress_);
  store_scalar(checkpoint, "state/settling_from", settling_from_);
  store_scalar(checkpoint, "state/summed_steps", double(summed_steps_));
  store_scalar(checkpoint, "state/encoder_loss", encoder_loss_);
  checkpoint.tensors["state/figures"] = tensor_from(
      std::vector<double>{sums_.log_likelihood, sums_.kl, sums_.chain, sums_.centring});
  checkpoint.tensors["state/scales"] = scales_.sums;
  store_scalar(checkpoint, "data/particles", double(stack_.size()));
  store_scalar(checkpoint, "data/box", double(stack_.box()));
  store_scalar(checkpoint, "data/smallest_pixel_size", smallest_pixel_size(stack_));
  checkpoint.metadata["format"] = "cryomer checkpoint 1";
  checkpoint.metadata["config"] = config_to_json(setup_.config);
  write_safetensors(directory_.checkpoint(), checkpoint);
}

void Trainer::resume() {
  const std::string source = directory_.checkpoint();
  const NamedTensors checkpoint = read_safetensors(source);
  const auto particles = int64_t(restore_scalar(checkpoint, "data/particles", source));
  if (particles != stack_.size()) {
    fail("{}: the run was trained on {} particles but {} holds {}. Resume with the same data, or start a new run", source,
         particles, stack_.path(), stack_.size());
  }
  restore_model(model_, checkpoint, source);
  restore_optimiser(optimiser_, checkpoint, source);
  restore_posteriors(table_, stack_.size(), model_.latent_dim, checkpoint, source);
  earlier_seconds_ = restore_scalar(checkpoint, "state/seconds", source);
  best_held_out_ = restore_scalar(checkpoint, "state/best_held_out", source);
  best_progress_ = restore_scalar(checkpoint, "state/best_progress", source);
  settling_from_ = restore_scalar(checkpoint, "state/settling_from", source);
  summed_steps_ = int64_t(restore_scalar(checkpoint, "state/summed_steps", source));
  encoder_loss_ = restore_scalar(checkpoint, "state/encoder_loss", source);
  const Tensor figures = restore_tensor(checkpoint, "state/figures", {4}, source);
  const auto f = figures.accessor<double, 1>();
  sums_ = {f[0], f[1], f[2], f[3]};
  scales_.sums.copy_(restore_tensor(checkpoint, "state/scales", scales_.sums.sizes(), source));
  metrics_.cut_after(optimiser_.steps);
  start_ = std::chrono::steady_clock::now();
  log_info("Resumed at step {}", optimiser_.steps);
}

}  // namespace cryomer
