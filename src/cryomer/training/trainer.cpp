#include "cryomer/training/trainer.h"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "cryomer/base/log.h"
#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"
#include "cryomer/base/text.h"
#include "cryomer/ops/structure_energies.h"
#include "cryomer/pose_search/pose_finder.h"
#include "cryomer/protein/restraints.h"
#include "cryomer/training/checkpoint.h"
#include "cryomer/training/loop_start.h"
#include "cryomer/training/pose_inference.h"
#include "cryomer/training/remarks.h"

namespace cryomer {

namespace {

// Streams of random numbers, one for each purpose.
enum Purpose : uint64_t { kOrder = 0x10, kNoise, kHeldOutNoise, kSleep, kPrior, kSearch, kBend };

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kLeastFlatEpochs = 5;  // fewer flat ones are chance

constexpr int kThreadsBesideGpu = 4;  // what is left for the CPU is too little to be shared among more
constexpr int64_t kLeastPart = 16;  // images of a batch that a thread of its own is worth

constexpr double kLastSearch = 0.6;         // share of the run after which poses are not searched again
constexpr double kSearchTemperature = 100;  // candidates of all weights get latents

constexpr const char* kCheckpointFormat = "cryomer checkpoint 4";
constexpr int64_t kLargestHeldOut = 512;   // images judged after each epoch
constexpr int64_t kLargestPriorFit = 20000;  // particles that the prior is fitted to

Tensor index_of(const std::vector<int64_t>& particles) { return tensor_from(particles); }

// The optics group of each view when every image is compared with so many samples.
std::vector<int> groups_of_views(const ParticleBatch& batch, int64_t samples) {
  std::vector<int> groups;
  for (const int group : batch.optics_group) groups.insert(groups.end(), size_t(samples), group);
  return groups;
}

Restraints restraints_of(const RunSetup& setup) {
  const ObjectiveConfig& objective = setup.config.objective;
  const bool bonds = objective.restraints == "bonds";
  return {std::make_shared<std::vector<DistanceRestraint>>(bonds ? peptide_bonds(setup.structure) : chain_restraints(setup.structure)),
          objective.clashes > 0 ? std::make_shared<ClashRules>(clash_rules(setup.structure)) : nullptr,
          objective.ramachandran > 0 ? std::make_shared<BackboneTorsionRules>(backbone_torsion_rules(setup.structure)) : nullptr,
          objective.rotamers > 0 ? std::make_optional(staggering_rules(setup.structure)) : std::nullopt,
          objective.left_handed > 0 ? std::make_shared<BackboneTorsionRules>(left_handed_rules(setup.structure)) : nullptr};
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Trainer::Trainer(RunSetup setup, const ParticleStack& stack, RunDirectory directory, at::Device device)
    : setup_(std::move(setup)),
      stack_(stack),
      loader_(stack),
      directory_(std::move(directory)),
      metrics_(directory_.metrics()),
      split_(split_particles(stack.size(), setup_.config.data.held_out_fraction)),
      device_(device),
      model_(setup_.config.model, setup_.centred(), stack.box(), smallest_pixel_size(stack), uint64_t(setup_.config.seed)),
      restraints_(restraints_of(setup_)),
      optimiser_(model_.parameters),
      fingerprint_(data_fingerprint(stack, setup_.structure)),
      steps_per_epoch_(std::max<int64_t>(1, int64_t(split_.training.size()) / setup_.config.optimiser.batch_size)),
      schedule_(setup_.config, steps_per_epoch_),
      poses_(stack),
      radius_(molecule_radius(model_.base_positions.unsqueeze(0))),
      start_(std::chrono::steady_clock::now()),
      last_checkpoint_(start_),
      epoch_start_(start_),
      scales_(int64_t(stack.optics_groups().size())) {
  place_model();
  const int64_t batch = setup_.config.optimiser.batch_size;
  const auto training = int64_t(split_.training.size());
  if (training < 2) fail("{}: {} particles are too few to train on", stack.path(), stack.size());
  if (training < batch) log_warning("{} particles to train on are less than a batch of {}", training, batch);
  log_info("Model: {} parameters, {} latent dimensions, {} atoms in {} rigid residues", model_.parameters.count(),
           model_.latent_dim, model_.bodies->atom_count(), model_.bodies->residue_count());
}

void Trainer::begin(const std::function<void()>& make_room) {
  try {
    prepare(make_room);
  } catch (const Interrupted&) {
    throw Interrupted(first_search_kept_ ? "stopped before learning began; the poses found so far are kept, continue with --resume"
                                         : "stopped before learning began; nothing was written");
  }
}

void Trainer::prepare(const std::function<void()>& make_room) {
  const TrainingConfig& c = setup_.config;
  auto some = [&] { return loader_.load_some(split_.training, c.data.calibration_particles, uint64_t(c.seed)); };
  if (c.data.poses == "infer") {
    calibrate_without_poses(model_.images, some(), model_.base_positions, pose_grid(c.pose_search));
  } else {
    calibrate(model_.images, some(), model_.base_positions);
  }
  if (poses_are_candidates()) {
    first_candidates(model_, loader_, c, poses_, first_search_, [&] { keep_first_search(make_room); });
    search_seconds_ += elapsed();
  }
  for (size_t g = 0; g < model_.images.scale.mean.size(); ++g) {
    constexpr double kHardly = 0.5;  // deviation over mean; a structure that fits has a tenth to a fifth
    const double mean = model_.images.scale.mean[g], deviation = model_.images.scale.deviation[g];
    if (!std::isfinite(mean) || !std::isfinite(deviation)) {
      fail("{}: the structure shows in no image of optics group '{}': wrong poses or origins, another pixel size, or pixels far out of range", stack_.path(),
           stack_.optics_groups()[g].name);
    }
    if (deviation > kHardly * std::abs(mean)) {
      log_warning("The structure hardly explains the images of optics group '{}' (scale {:.2g} +- {:.2g}, where it should be far from zero): another "
                  "molecule, wrong poses, a defocus in other units than A, Cs in other units than mm, or another pixel size",
                  stack_.optics_groups()[g].name, mean, deviation);
    }
    log_info("Contrast of optics group '{}': protein is {}; scale {:.4g} +- {:.2g} between images",
             stack_.optics_groups()[g].name, mean < 0 ? "dark (images are read with inverted sign)" : "bright", mean,
             deviation);
  }
  // Without normal modes nothing tells a loop in a wrong place from a domain that moves.
  if (c.loop_search.used && c.model.decoder.modes > 0 && !model_.pose_network) move_loops();
  const ParticleBatch first = candidate_views(some().front(), poses_, 1).batch;
  model_.encoder.calibrate(
      model_.encoder.features(first, model_.images.observe(first), model_.images, first.rotation, first.shift));
  begun_ = true;
}

void Trainer::keep_first_search(const std::function<void()>& make_room) {
  if (!make_room && !first_search_kept_) return;
  const bool due = seconds_since(last_checkpoint_) > setup_.config.checkpoint_seconds;
  const bool at_the_end = stop_requested() || first_search_.searched == stack_.size();
  if (!due && !(first_search_kept_ && at_the_end)) return;
  if (!first_search_kept_) make_room();
  first_search_kept_ = true;
  NamedTensors file;
  store_poses(first_search_.found, file);
  store_scalar(file, "state/searched", double(first_search_.searched));
  store_scalar(file, "state/seconds", elapsed());
  store_data(file);
  write_safetensors(directory_.first_search(), file);
  last_checkpoint_ = std::chrono::steady_clock::now();
}

void Trainer::resume_first_search() {
  const std::string source = directory_.first_search();
  const NamedTensors file = read_safetensors(source);
  check_same_data(file, source);
  restore_poses(first_search_.found, stack_.size(), setup_.config.pose_search.candidates, file, source);
  first_search_.searched = int64_t(restore_scalar(file, "state/searched", source));
  first_search_kept_ = true;
  earlier_seconds_ = restore_scalar(file, "state/seconds", source);
  start_ = std::chrono::steady_clock::now();
  log_info("Resumed with the poses found for {} of {} particles", first_search_.searched, stack_.size());
}

void Trainer::move_loops() {
  const TrainingConfig& c = setup_.config;
  const double started = elapsed();
  std::vector<ParticleBatch> some = loader_.load_some(split_.training, c.loop_search.particles, uint64_t(c.seed));
  if (poses_are_candidates()) {
    for (ParticleBatch& batch : some) {
      const Poses best = best_poses(batch, {});
      batch.rotation = best.rotation;
      batch.shift = best.shift;
    }
  }
  const LoopStart start = find_loops(model_, setup_, std::move(some), poses_are_candidates() ? poses_.deviation : Tensor(), draws(kBend, 0));
  search_seconds_ += elapsed() - started;
  if (start.loops.empty()) return;
  setup_.structure.set_coordinates(with_loops(setup_, start.loops).data());
  loops_moved_ = true;
  rebuild_model();
  calibrate(model_.images, start.images, model_.base_positions);
  if (poses_are_candidates()) poses_.deviation = pose_deviations(model_.images, start.images, model_.base_positions.unsqueeze(0));
}

void Trainer::rebuild_model() {
  const TrainingConfig& c = setup_.config;
  model_ = Autoencoder(c.model, setup_.centred(), stack_.box(), smallest_pixel_size(stack_), uint64_t(c.seed));
  optimiser_ = Adam(model_.parameters);
  restraints_ = restraints_of(setup_);
  radius_ = molecule_radius(model_.base_positions.unsqueeze(0));
  place_model();
}

void Trainer::place_model() {
  if (device_.is_cpu()) return;
  model_.move_to(device_);
  optimiser_ = Adam(model_.parameters);
}

Random Trainer::draws(uint64_t purpose, uint64_t index) const {
  return Random(uint64_t(setup_.config.seed), purpose).substream(index);
}

double Trainer::elapsed() const { return earlier_seconds_ + seconds_since(start_); }

double Trainer::seconds_left(double elapsed) const {
  const TrainingConfig& c = setup_.config;
  const double done = std::max(schedule_.progress(), 1e-6);
  double left = (elapsed - search_seconds_) * (1 - done) / done;
  // A search to come takes about the share of its trial of what those before took.
  if (poses_are_candidates() && schedule_.progress() < 1) {
    const double share = std::min(1.0, double(c.pose_search.trial) / double(poses_.particles()));
    left += double(std::max<int64_t>(0, c.pose_search.searches - searches_)) * share * search_seconds_ / double(1 + searches_);
  }
  return std::max(0.0, c.max_seconds > 0 ? std::min(left, c.max_seconds - elapsed) : left);
}

void Trainer::look_at_the_clock() { schedule_.move_to(optimiser_.steps, elapsed(), search_seconds_); }

ParticleBatch Trainer::next_batch() {
  const int64_t epoch = optimiser_.steps / steps_per_epoch_, position = optimiser_.steps % steps_per_epoch_;
  const auto training = int64_t(split_.training.size());
  if (position == 0 || order_.empty()) order_ = draws(kOrder, uint64_t(epoch)).permutation(training);
  const int64_t size = std::min(setup_.config.optimiser.batch_size, training);
  std::vector<int64_t> particles;
  for (int64_t i = position * size; i < (position + 1) * size; ++i) particles.push_back(split_.training[order_[i]]);
  return loader_.load(particles);
}

Trainer::StepPart Trainer::amortised_part(const ParticleBatch& batch, const Tensor& noise, const StepSettings& settings, Random random) const {
  StepPart part;
  part.images = double(batch.size());
  part.terms = amortised_pose_loss(model_, setup_.config.objective, restraints_, batch, model_.images.observe(batch, settings.blur), noise,
                                   settings.poses_alone, settings.objective, random);
  if (!settings.model_learns) return part;
  std::vector<Tensor> inputs;
  for (const auto& [name, tensor] : model_.parameters.all()) inputs.push_back(tensor);
  part.gradients = torch::autograd::grad({part.terms.total * part.images}, inputs, {}, false, false, true);
  return part;
}

Trainer::StepPart Trainer::step_part(const CandidateViews& all, int64_t first, int64_t last, const Tensor& noise, const StepSettings& settings,
                                     Random random) const {
  const TrainingConfig& c = setup_.config;
  const ParticleBatch batch = all.batch.slice(first, last);
  if (model_.pose_network) return amortised_part(batch, noise, settings, random);
  const Tensor weight = all.weight.slice(0, first, last), rows = all.rows.slice(0, first, last);
  StepPart part;
  part.rows = rows;
  part.images = weight.sum().item<double>();
  part.groups = groups_of_views(batch, c.objective.samples);
  std::vector<Tensor> inputs;
  if (settings.model_learns) {
    for (const auto& [name, tensor] : model_.parameters.all()) inputs.push_back(tensor);
  }
  const size_t parameters = inputs.size();
  const ObservedBatch observed = model_.images.observe(batch, settings.blur);
  DiagonalGaussian posterior;
  if (particles_have_posteriors()) {
    part.own = table_.leaves(rows);
    posterior = part.own->posterior();
    inputs.push_back(part.own->mean);
    inputs.push_back(part.own->log_deviation);
  } else {
    posterior = settings.blur > 0 ? model_.encode(batch) : model_.encode(batch, observed);
  }
  const DrawnConformations conformations = draw_conformations(model_, posterior, noise);
  ParticleBatch posed = batch;
  if (poses_are_candidates()) {
    const FollowingPoses following = posed_by_conformations(model_, conformations, batch, observed, poses_.deviation, radius_);
    posed.rotation = following.poses.rotation;
    posed.shift = following.poses.shift;
    part.pose_move = following.move.to(at::kCPU);
  }
  part.terms = loss(model_, c.objective, restraints_, posed, observed, posterior, conformations, settings.objective, weight);
  Tensor objective = part.terms.total * part.images, encoder_loss;
  if (part.own && settings.model_learns && c.posterior.sleep_share > 0) {
    const auto count = std::max<int64_t>(1, int64_t(std::llround(c.posterior.sleep_share * double(batch.size()))));
    const Tensor chosen = brought_to(model_.device(), at::arange(count, at::kLong) * c.objective.samples);
    encoder_loss = sleep_loss(model_, batch.first(count), part.terms.positions.index_select(0, chosen),
                                           part.terms.latents.index_select(0, chosen), random.substream(1));
    objective = objective + encoder_loss * part.images;
  }
  if (inputs.empty()) return part;
  part.gradients = torch::autograd::grad({objective}, inputs, {}, false, false, true);
  if (encoder_loss.defined()) part.encoder_loss = encoder_loss.item<double>();  // late: it waits for a GPU
  if (part.own) {
    // What belongs to one view follows its own gradient, whatever the view's weight.
    const Tensor own_share = weight.clamp_min(1e-3).unsqueeze(1);
    part.own->mean.mutable_grad() = part.gradients[parameters] / own_share;
    part.own->log_deviation.mutable_grad() = part.gradients[parameters + 1] / own_share;
    part.gradients.resize(parameters);
  }
  return part;
}

void Trainer::learn_views(const StepPart& part, double rate) {
  if (part.own) table_.update(*part.own, setup_.config.posterior.learning_rate * rate);
  if (!part.pose_move.defined()) return;
  poses_.follow(part.rows, part.pose_move, radius_);
  poses_.remember_bounds(part.rows, part.terms.bound);
}

std::vector<Trainer::StepPart> Trainer::parts_of(const CandidateViews& views, const Tensor& noise, const StepSettings& settings, Random random) const {
  model_.prior.prepare();
  const int64_t count = views.batch.size();
  std::vector<StepPart> parts(size_t(model_.device().is_cuda() ? 1 : part_count(count, kLeastPart)));
  parallel_parts(count, int64_t(parts.size()), [&](int64_t part, int64_t first, int64_t last) {
    parts[part] = step_part(views, first, last, noise.slice(0, first, last), settings, random.substream(uint64_t(part)));
  });
  return parts;
}

void Trainer::decay_weights(double share) {
  if (share == 0) return;
  at::NoGradGuard guard;
  for (const auto& [name, tensor] : model_.parameters.all()) {
    if (starts_with(name, "decoder.") && ends_with(name, ".weight") && tensor.dim() == 2) tensor.mul_(1 - share);
  }
}

void Trainer::train_step() {
  const TrainingConfig& c = setup_.config;
  const ThreadLimit few(device_.is_cuda() ? kThreadsBesideGpu : thread_count());
  const double rate = schedule_.learning_rate();
  model_.widths.mobile_share = schedule_.mobility();
  const CandidateViews views = candidate_views(next_batch(), poses_, schedule_.pose_temperature());
  const Tensor noise = antithetic_noise(draws(kNoise, uint64_t(optimiser_.steps)), views.batch.size(), c.objective.samples, model_.latent_dim);
  const std::vector<StepPart> parts = parts_of(views, noise, {{schedule_.warmth(), schedule_.strictness()}, schedule_.blur(), true, schedule_.poses_alone()},
                                               draws(kSleep, uint64_t(optimiser_.steps)));

  std::vector<std::vector<Tensor>> gradients;
  double value = 0;
  Figures figures;
  for (const StepPart& part : parts) {
    const double share = part.images / double(views.images);
    gradients.push_back(part.gradients);
    value += share * part.terms.total.item<double>();
    figures.add(share, part.terms.figures());
  }
  optimiser_.set_gradient(gradients, 1.0 / double(views.images));
  const double gradient = optimiser_.gradient_norm();
  if (!std::isfinite(value) || !std::isfinite(gradient)) {
    fail("training diverged at step {}: loss {}, gradient norm {} (log likelihood {}, divergence {}, chain energy {}). "
         "The last good checkpoint is kept; try a smaller optimiser.learning_rate than {}",
         optimiser_.steps, value, gradient, figures.log_likelihood, figures.kl, figures.chain, c.optimiser.learning_rate);
  }
  // Here the parameters are known to be good, and the step that follows can be taken again.
  if (seconds_since(last_checkpoint_) > c.checkpoint_seconds) {
    save_checkpoint();
    last_checkpoint_ = std::chrono::steady_clock::now();
  }
  optimiser_.step(c.optimiser.learning_rate * rate, c.optimiser.clip);
  model_.refresh_widths();
  decay_weights(c.optimiser.learning_rate * rate * c.optimiser.decay);
  for (const StepPart& part : parts) {
    learn_views(part, rate);
    encoder_loss_ += part.images / double(views.images) * part.encoder_loss;
    // What the network's wrong poses show says nothing of the images' scales.
    if (!model_.pose_network) scales_.add(part.groups, part.terms.overlap, part.terms.power);
  }
  sums_.add(1, figures);
  summed_views_ += views.batch.size();
  ++summed_steps_;
}

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
  model_.prior = fitted_prior(model_.prior, table_.rows(index_of(particles)), components, iterations,
                              uint64_t(setup_.config.seed));
}

Poses Trainer::best_poses(const ParticleBatch& batch, const ObservedBatch& observed) const {
  if (model_.pose_network) return model_.pose_network->poses(model_.encode_pose(batch, observed).mean);
  std::vector<int64_t> best;
  for (const int64_t particle : batch.particle) best.push_back(particle * poses_.slots() + poses_.best_slot(particle));
  return {poses_.rotation.reshape({-1, 3, 3}).index_select(0, index_of(best)), poses_.shift.reshape({-1, 2}).index_select(0, index_of(best))};
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
  const SearchOutcome outcome = search_again(model_, loader_, c, poses_, table_, draws(kSearch, uint64_t(searches_)));
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

void Trainer::run() {
  if (!begun_) begin();
  if (optimiser_.steps == 0) save_checkpoint();  // the searches took their time
  std::filesystem::remove(directory_.first_search());
  last_checkpoint_ = epoch_start_ = std::chrono::steady_clock::now();
  for (;;) {
    look_at_the_clock();
    if (ended()) {
      if (!finished_ && summed_steps_ > 0) end_of_epoch();  // time was up within an epoch: the curves end where the model does
      break;
    }
    if (search_due_) search_poses_again();
    train_step();
    if (optimiser_.steps % steps_per_epoch_ == 0) end_of_epoch();
    if (stop_requested()) {
      look_at_the_clock();  // a run that goes on compares its place with this one
      save_checkpoint();
      throw Interrupted(formatted("stopped at step {}; continue with --resume", optimiser_.steps));
    }
  }
  save_checkpoint();
  if (poses_are_candidates()) say_how_sure_poses_are(poses_, setup_.config.pose_search);
  say_what_is_blurred(model_.widths, setup_.structure, setup_.config.model.largest_atom_width);
}

void Trainer::store_data(NamedTensors& file) const {
  store_scalar(file, "data/particles", double(stack_.size()));
  file.metadata["data"] = fingerprint_.all;
  file.metadata["format"] = kCheckpointFormat;
}

void Trainer::check_same_data(const NamedTensors& file, const std::string& source) const {
  if (const auto format = file.metadata.find("format"); format == file.metadata.end() || format->second != kCheckpointFormat) {
    fail("{}: another version of Cryomer wrote it ('{}', expected '{}'), and this one cannot go on from there. Resume with that version, or start a "
         "new run; sample, infer and report still read it",
         source, format == file.metadata.end() ? "" : format->second, kCheckpointFormat);
  }
  const auto particles = int64_t(restore_scalar(file, "data/particles", source));
  if (particles != stack_.size()) {
    fail("{}: the run was trained on {} particles but {} holds {}. Resume with the same data, or start a new run", source,
         particles, stack_.path(), stack_.size());
  }
  const auto fingerprint = file.metadata.find("data");
  if (fingerprint != file.metadata.end() && fingerprint->second != fingerprint_.all) {
    fail("{}: the run was trained on other data than {} and {} hold now (rows, optics, pixels or atoms differ). Resume with the same data, "
         "or start a new run",
         source, stack_.path(), setup_.structure.source);
  }
}

void Trainer::save_checkpoint() const {
  NamedTensors checkpoint;
  store_model(model_, checkpoint);
  store_optimiser(optimiser_, checkpoint);
  store_posteriors(table_, checkpoint);
  if (poses_are_candidates()) store_poses(poses_, checkpoint);
  store_origin(setup_.origin, checkpoint);
  if (loops_moved_) store_structure(setup_.structure, checkpoint);
  store_scalar(checkpoint, "state/seconds", elapsed());
  store_scalar(checkpoint, "state/best_held_out", best_held_out_);
  store_scalar(checkpoint, "state/best_progress", best_progress_);
  store_scalar(checkpoint, "state/progress", schedule_.progress());
  store_scalar(checkpoint, "state/settling_from", schedule_.settling_from);
  store_scalar(checkpoint, "state/finished", finished_ ? 1 : 0);
  store_scalar(checkpoint, "state/summed_steps", double(summed_steps_));
  store_scalar(checkpoint, "state/encoder_loss", encoder_loss_);
  store_scalar(checkpoint, "state/summed_views", double(summed_views_));
  store_scalar(checkpoint, "state/search_seconds", search_seconds_);
  store_scalar(checkpoint, "state/searches", double(searches_));
  store_scalar(checkpoint, "state/search_due", search_due_ ? 1 : 0);
  store_scalar(checkpoint, "state/changed_poses", changed_poses_);
  checkpoint.tensors["state/figures"] = tensor_from(
      std::vector<double>{sums_.log_likelihood, sums_.kl, sums_.chain, sums_.clashes, sums_.ramachandran, sums_.centring});
  checkpoint.tensors["state/scales"] = scales_.sums;
  store_data(checkpoint);
  store_scalar(checkpoint, "data/box", double(stack_.box()));
  store_scalar(checkpoint, "data/smallest_pixel_size", smallest_pixel_size(stack_));
  checkpoint.metadata["particles"] = fingerprint_.particles;
  checkpoint.metadata["optics_groups"] = join(optics_group_names(stack_), "\n");
  checkpoint.metadata["ended"] = ended() ? "yes" : "no";
  checkpoint.metadata["config"] = config_to_json(setup_.config);
  write_safetensors(directory_.checkpoint(), checkpoint);
}

void Trainer::resume() {
  if (!std::filesystem::exists(directory_.checkpoint())) {
    resume_first_search();
    return;
  }
  const std::string source = directory_.checkpoint();
  const NamedTensors checkpoint = read_safetensors(source);
  check_same_data(checkpoint, source);
  loops_moved_ = restore_structure(setup_.structure, checkpoint, source);
  if (loops_moved_) rebuild_model();
  restore_model(model_, checkpoint, source);
  restore_optimiser(optimiser_, checkpoint, source);
  if (poses_are_candidates()) restore_poses(poses_, stack_.size(), setup_.config.pose_search.candidates, checkpoint, source);
  restore_posteriors(table_, stack_.size() * poses_.slots(), model_.latent_dim, checkpoint, source);
  earlier_seconds_ = restore_scalar(checkpoint, "state/seconds", source);
  best_held_out_ = restore_scalar(checkpoint, "state/best_held_out", source);
  best_progress_ = restore_scalar(checkpoint, "state/best_progress", source);
  schedule_.settling_from = restore_scalar(checkpoint, "state/settling_from", source);
  finished_ = restore_scalar(checkpoint, "state/finished", source) != 0;
  summed_steps_ = int64_t(restore_scalar(checkpoint, "state/summed_steps", source));
  encoder_loss_ = restore_scalar(checkpoint, "state/encoder_loss", source);
  summed_views_ = int64_t(restore_scalar(checkpoint, "state/summed_views", source));
  search_seconds_ = restore_scalar(checkpoint, "state/search_seconds", source);
  searches_ = int64_t(restore_scalar(checkpoint, "state/searches", source));
  search_due_ = restore_scalar(checkpoint, "state/search_due", source) != 0;
  begun_ = true;
  changed_poses_ = restore_scalar(checkpoint, "state/changed_poses", source);
  const Tensor figures = restore_tensor(checkpoint, "state/figures", {6}, source);
  const auto f = figures.accessor<double, 1>();
  sums_ = {};  // what is in no row of the metrics is not kept
  sums_.log_likelihood = f[0];
  sums_.kl = f[1];
  sums_.chain = f[2];
  sums_.clashes = f[3];
  sums_.ramachandran = f[4];
  sums_.centring = f[5];
  scales_.sums.copy_(restore_tensor(checkpoint, "state/scales", scales_.sums.sizes(), source));
  metrics_.cut_after(optimiser_.steps);
  start_ = std::chrono::steady_clock::now();
  // With other limits the same step is at another share of the run, and what was measured from there moves along.
  look_at_the_clock();
  const double moved = schedule_.progress() - restore_scalar(checkpoint, "state/progress", source);
  best_progress_ += moved;
  if (schedule_.settling()) schedule_.settling_from = std::max(0.0, schedule_.settling_from + moved);
  log_info("Resumed at step {}", optimiser_.steps);
  if (finished_) log_info("The run had settled: nothing is left to do");
}

}  // namespace cryomer
