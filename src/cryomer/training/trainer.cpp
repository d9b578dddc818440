#include "cryomer/training/trainer.h"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "cryomer/base/log.h"
#include "cryomer/base/stop.h"
#include "cryomer/base/text.h"
#include "cryomer/ops/structure_energies.h"
#include "cryomer/pose_search/pose_finder.h"
#include "cryomer/protein/restraints.h"
#include "cryomer/training/loop_start.h"
#include "cryomer/training/remarks.h"
#include "cryomer/training/structure_check.h"

namespace cryomer {

namespace {

constexpr int kThreadsBesideGpu = 4;  // what is left for the CPU is too little to be shared among more
constexpr int64_t kLeastPart = 16;  // images of a batch that a thread of its own is worth

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
    if (!first_search_kept_) throw Interrupted("stopped before learning began; nothing was written");
    throw Interrupted(formatted("stopped before learning began; the poses found for {} particles are kept, continue with --resume", first_search_.searched));
  }
}

void Trainer::prepare(const std::function<void()>& make_room) {
  const TrainingConfig& c = setup_.config;
  auto some = [&] { return loader_.load_some(split_.training, c.data.calibration_particles, uint64_t(c.seed)); };
  if (c.data.poses == "infer") {
    calibrate_without_poses(model_.images, some(), model_.base_positions, pose_grid(c.pose_search));
  } else {
    calibrate(model_.images, some(), model_.base_positions);
    check_structure_is_placed(model_.images, loader_, model_.base_positions, c);
  }
  if (poses_are_candidates()) {
    first_candidates(model_, loader_, c, poses_, first_search_, [&] { keep_first_search(make_room); });
    search_seconds_ += elapsed();
  }
  say_contrast(model_.images, stack_);
  // Without normal modes nothing tells a loop in a wrong place from a domain that moves.
  if (c.loop_search.used && c.model.decoder.modes > 0 && !model_.pose_network) move_loops();
  const ParticleBatch first = candidate_views(some().front(), poses_, 1).batch;
  model_.encoder.calibrate(
      model_.encoder.features(first, model_.images.observe(first), model_.images, first.rotation, first.shift));
  begun_ = true;
}

void Trainer::move_loops() {
  const TrainingConfig& c = setup_.config;
  const double started = elapsed();
  std::vector<ParticleBatch> some = loader_.load_some(split_.training, c.loop_search.particles, uint64_t(c.seed));
  if (poses_are_candidates()) {
    for (ParticleBatch& batch : some) batch = batch.with_poses(best_poses(batch, {}));
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

double Trainer::seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Random Trainer::draws(Purpose purpose, uint64_t index) const {
  return Random(uint64_t(setup_.config.seed), uint64_t(purpose)).substream(index);
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
  model_.set_mobile_share(schedule_.mobility());
  const CandidateViews views = candidate_views(next_batch(), poses_, schedule_.pose_temperature());
  const Tensor noise = antithetic_noise(draws(kNoise, uint64_t(optimiser_.steps)), views.batch.size(), c.objective.samples, model_.latent_dim);
  const ObjectiveStage stage{schedule_.warmth(), schedule_.strictness(), schedule_.conformation_kl()};
  const std::vector<StepPart> parts =
      parts_of(views, noise, {stage, schedule_.blur(), true, schedule_.poses_alone()}, draws(kSleep, uint64_t(optimiser_.steps)));

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

Poses Trainer::best_poses(const ParticleBatch& batch, const ObservedBatch& observed) const {
  if (model_.pose_network) return model_.pose_network->poses(model_.encode_pose(batch, observed).mean);
  std::vector<int64_t> best;
  for (const int64_t particle : batch.particle) best.push_back(particle * poses_.slots() + poses_.best_slot(particle));
  return {poses_.rotation.reshape({-1, 3, 3}).index_select(0, tensor_from(best)), poses_.shift.reshape({-1, 2}).index_select(0, tensor_from(best))};
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

}  // namespace cryomer
