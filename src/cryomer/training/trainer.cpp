#include "cryomer/training/trainer.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>

#include "cryomer/base/log.h"
#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"
#include "cryomer/base/text.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/ops/distance_restraints_op.h"
#include "cryomer/protein/atom_blobs.h"
#include "cryomer/protein/restraints.h"
#include "cryomer/training/checkpoint.h"

namespace cryomer {

namespace {

// Streams of random numbers, one for each purpose.
enum Stream : uint64_t { kOrder = 0x10, kNoise = 0x11, kHeldOutNoise = 0x12, kCalibration = 0x13 };

constexpr int64_t kLargestHeldOut = 512;  // images judged after each epoch

// The optics group of each view when every image is compared with so many samples.
std::vector<int> groups_of_views(const ParticleBatch& batch, int64_t samples) {
  std::vector<int> groups;
  for (const int group : batch.optics_group) groups.insert(groups.end(), size_t(samples), group);
  return groups;
}

Vec3 centroid(const Structure& structure) {
  Vec3 sum;
  for (const Atom& atom : structure.atoms) sum += atom.position;
  return (1.0 / structure.atom_count()) * sum;
}

double smallest_pixel_size(const ParticleStack& stack) {
  double smallest = std::numeric_limits<double>::infinity();
  for (const OpticsGroup& group : stack.optics_groups()) smallest = std::min(smallest, group.pixel_size);
  return smallest;
}

std::vector<ParticleBatch> load_some(const ParticleLoader& loader, std::vector<int64_t> particles, int64_t count,
                                     uint64_t seed) {
  const std::vector<int64_t> order = Random(seed, kCalibration).permutation(int64_t(particles.size()));
  std::vector<ParticleBatch> batches;
  count = std::min<int64_t>(count, int64_t(particles.size()));
  for (int64_t first = 0; first < count; first += 256) {
    std::vector<int64_t> chosen;
    for (int64_t i = first; i < std::min(first + 256, count); ++i) chosen.push_back(particles[order[i]]);
    batches.push_back(loader.load(chosen));
  }
  return batches;
}

ViewIndex one_to_one(int64_t count) { return {at::arange(count, at::kLong), at::arange(count, at::kLong)}; }

Tensor normal_draws(Random random, at::IntArrayRef shape) {
  Tensor draws = at::empty(shape);
  random.fill_normal(draws.data_ptr<float>(), size_t(draws.numel()));
  return draws;
}

}  // namespace

Structure RunSetup::centred() const {
  Structure moved = structure;
  for (Atom& atom : moved.atoms) atom.position = atom.position - origin;
  return moved;
}

Vec3 find_origin(const TrainingConfig& config, const Structure& structure, const ParticleStack& stack) {
  const double pixel_size = smallest_pixel_size(stack);
  const double half_box = 0.5 * stack.box() * pixel_size;
  struct Candidate {
    std::string name, meaning;
    Vec3 origin;
  };
  const std::vector<Candidate> candidates = {
      {"centroid", "its centroid at the centre of the box", centroid(structure)},
      {"origin", "its own origin at the centre of the box", {}},
      {"box", "its own origin at the corner of the box", {half_box, half_box, half_box}}};
  for (const Candidate& candidate : candidates) {
    if (config.data.frame == candidate.name) return candidate.origin;
  }
  std::vector<int64_t> all(stack.size());
  std::iota(all.begin(), all.end(), int64_t{0});
  const std::vector<ParticleBatch> some_particles =
      load_some(ParticleLoader(stack), all, std::min<int64_t>(512, config.data.calibration_particles), uint64_t(config.seed));
  double best = -std::numeric_limits<double>::infinity();
  const Candidate* chosen = &candidates[0];
  for (const Candidate& candidate : candidates) {
    // A structure that is not in the box at all cannot be meant.
    if (norm(centroid(structure) - candidate.origin) > half_box) continue;
    Structure moved = structure;
    for (Atom& atom : moved.atoms) atom.position = atom.position - candidate.origin;
    ImageModel images(unit_blobs(structure, config.model.atom_width), stack.box(), pixel_size, 1.0);
    const Tensor positions = tensor_from(moved.coordinates(), {1, structure.atom_count(), 3});
    calibrate(images, some_particles, positions);
    double explained = 0;
    at::NoGradGuard guard;
    for (const ParticleBatch& batch : some_particles) {
      const ViewIndex views{at::zeros({batch.size()}, at::kLong), at::arange(batch.size(), at::kLong)};
      const ImageLikelihoodOutput found =
          images.log_likelihood(positions, batch.rotation, batch.shift, views, images.observe(batch));
      // Signed fit: the scale may have either sign but must agree between images.
      explained += (found.overlap.sum() * (images.scale.mean[0] < 0 ? -1.0 : 1.0)).item<double>();
    }
    log_debug("structure with {}: overlap {:.1f}", candidate.meaning, explained);
    if (explained > best) {
      best = explained;
      chosen = &candidate;
    }
  }
  log_info("Frame: the structure stands with {} (of three ways the one that explains the images best)", chosen->meaning);
  return chosen->origin;
}

Trainer::Trainer(RunSetup setup, const ParticleStack& stack, RunDirectory directory)
    : setup_(std::move(setup)),
      stack_(stack),
      loader_(stack),
      directory_(std::move(directory)),
      split_(split_particles(stack.size(), setup_.config.data.held_out_fraction, uint64_t(setup_.config.seed))),
      model_(setup_.config.model, setup_.centred(), stack.box(), smallest_pixel_size(stack), uint64_t(setup_.config.seed)),
      restraints_(std::make_shared<std::vector<DistanceRestraint>>(chain_restraints(setup_.structure))),
      optimiser_(model_.parameters),
      start_(std::chrono::steady_clock::now()),
      last_checkpoint_(start_),
      scales_(int64_t(stack.optics_groups().size())) {
  const int64_t batch = setup_.config.optimiser.batch_size;
  const auto training = int64_t(split_.training.size());
  if (training < 2) fail("{}: {} particles are too few to train on", stack.path(), stack.size());
  if (training < batch) log_warning("only {} particles to train on: less than a batch of {}", training, batch);
  steps_per_epoch_ = std::max<int64_t>(1, training / batch);
  log_info("Model: {} parameters, {} latent dimensions, {} atoms in {} rigid residues", model_.parameters.count(),
           model_.latent_dim, model_.bodies->atom_count(), model_.bodies->residue_count());
  calibrate_from_data();
}

void Trainer::calibrate_from_data() {
  const std::vector<ParticleBatch> some =
      load_some(loader_, split_.training, setup_.config.data.calibration_particles, uint64_t(setup_.config.seed));
  calibrate(model_.images, some, model_.base_positions);
  for (size_t g = 0; g < model_.images.scale.mean.size(); ++g) {
    const double mean = model_.images.scale.mean[g], deviation = model_.images.scale.deviation[g];
    log_info("Contrast of optics group '{}': protein is {}; scale {:.4g} +- {:.2g} between images",
             stack_.optics_groups()[g].name, mean < 0 ? "dark (the images are read with inverted sign)" : "bright", mean,
             deviation);
  }
  const ParticleBatch& first = some.front();
  model_.encoder.calibrate(
      model_.encoder.features(first, model_.images.observe(first), model_.images, first.rotation, first.shift));
}

double Trainer::elapsed() const {
  return earlier_seconds_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

double Trainer::progress() const {
  double share = double(optimiser_.steps) / double(setup_.config.epochs * steps_per_epoch_);
  if (setup_.config.max_seconds > 0) share = std::max(share, elapsed() / setup_.config.max_seconds);
  return std::min(share, 1.0);
}

ParticleBatch Trainer::next_batch() {
  const int64_t epoch = optimiser_.steps / steps_per_epoch_, position = optimiser_.steps % steps_per_epoch_;
  if (position == 0 || order_.empty()) {
    order_ = Random(uint64_t(setup_.config.seed), kOrder).substream(uint64_t(epoch)).permutation(int64_t(split_.training.size()));
  }
  const auto training = int64_t(split_.training.size());
  const int64_t size = std::min(setup_.config.optimiser.batch_size, training);
  std::vector<int64_t> particles;
  for (int64_t i = position * size; i < (position + 1) * size; ++i) particles.push_back(split_.training[order_[i]]);
  return loader_.load(particles);
}

void Trainer::train_step() {
  const TrainingConfig& c = setup_.config;
  const double done = progress();
  const ParticleBatch batch = next_batch();
  const Tensor noise = normal_draws(Random(uint64_t(c.seed), kNoise).substream(uint64_t(optimiser_.steps)),
                                    {batch.size(), c.objective.samples, model_.latent_dim});
  const double warmth = c.objective.warmup > 0 ? std::pow(0.01, std::max(0.0, 1 - done / c.objective.warmup)) : 1.0;
  optimiser_.clear_gradients();
  const LossTerms terms = loss(model_, c.objective, restraints_, batch, noise, warmth);
  terms.total.backward();
  const double gradient = optimiser_.gradient_norm(), value = terms.total.item<double>();
  if (!std::isfinite(value) || !std::isfinite(gradient)) {
    fail("training diverged at step {}: loss {}, gradient norm {} (log likelihood {}, divergence {}, chain energy {}). "
         "The last good checkpoint is kept; try a smaller optimiser.learning_rate than {}",
         optimiser_.steps, value, gradient, terms.log_likelihood, terms.kl, terms.chain, c.optimiser.learning_rate);
  }
  const double warmup = c.optimiser.warmup_steps > 0 ? std::min(1.0, double(optimiser_.steps + 1) / c.optimiser.warmup_steps) : 1.0;
  const double decay = c.optimiser.final_rate + (1 - c.optimiser.final_rate) * 0.5 * (1 + std::cos(3.14159265358979 * done));
  optimiser_.step(c.optimiser.learning_rate * warmup * decay, c.optimiser.clip);
  sums_.log_likelihood += terms.log_likelihood;
  sums_.kl += terms.kl;
  sums_.chain += terms.chain;
  sums_.centring += terms.centring;
  scales_.add(groups_of_views(batch, c.objective.samples), terms.overlap, terms.power);
  ++summed_steps_;
}

Trainer::HeldOut Trainer::judge_held_out() const {
  at::NoGradGuard guard;
  HeldOut result;
  const auto count = std::min<int64_t>(kLargestHeldOut, int64_t(split_.held_out.size()));
  for (int64_t first = 0; first < count; first += 256) {
    const int64_t last = std::min(first + 256, count);
    const ParticleBatch batch = loader_.load({split_.held_out.begin() + first, split_.held_out.begin() + last});
    const ObservedBatch observed = model_.images.observe(batch);
    const DiagonalGaussian posterior =
        model_.encoder(model_.encoder.features(batch, observed, model_.images, batch.rotation, batch.shift));
    const Tensor noise = normal_draws(Random(uint64_t(setup_.config.seed), kHeldOutNoise).substream(uint64_t(first)),
                                      {batch.size(), 1, model_.latent_dim});
    const Tensor positions = model_.decoder(posterior.sample(noise).squeeze(1));
    const ViewIndex views = one_to_one(batch.size());
    const double share = double(batch.size()) / double(count);
    result.log_likelihood += share * model_.images.log_likelihood(positions, batch.rotation, batch.shift, views, observed)
                                         .log_likelihood.mean().item<double>();
    result.kl += share * posterior.divergence_from_standard_normal().mean().item<double>();
    result.chain += share * distance_restraint_energies(restraints_, positions).mean().item<double>();
    const ViewIndex base_views{at::zeros({batch.size()}, at::kLong), views.image};
    result.base_log_likelihood +=
        share * model_.images.log_likelihood(model_.base_positions.unsqueeze(0), batch.rotation, batch.shift, base_views, observed)
                    .log_likelihood.mean().item<double>();
  }
  return result;
}

void Trainer::write_metrics(const HeldOut& h) {
  const double n = std::max<double>(1, double(summed_steps_));
  const int64_t epoch = optimiser_.steps / steps_per_epoch_;
  const double rate = double(summed_steps_) * double(std::min<int64_t>(setup_.config.optimiser.batch_size, int64_t(split_.training.size())));
  const bool fresh = !std::filesystem::exists(directory_.metrics());
  std::FILE* file = std::fopen(directory_.metrics().c_str(), "a");
  if (!file) fail("cannot write {}", directory_.metrics());
  std::string text;
  if (fresh) {
    text = "step,epoch,seconds,log_likelihood,kl,chain,centring,held_out_log_likelihood,held_out_kl,held_out_chain,"
           "base_log_likelihood\n";
  }
  text += formatted("{},{},{:.2f},{:.4f},{:.4f},{:.4f},{:.6f},{:.4f},{:.4f},{:.4f},{:.4f}\n", optimiser_.steps, epoch,
                    elapsed(), sums_.log_likelihood / n, sums_.kl / n, sums_.chain / n, sums_.centring / n,
                    h.log_likelihood, h.kl, h.chain, h.base_log_likelihood);
  const bool written = std::fputs(text.c_str(), file) >= 0;
  if (std::fclose(file) != 0 || !written) fail("cannot write {}: is the disk full?", directory_.metrics());
  (void)rate;
}

void Trainer::end_of_epoch() {
  const HeldOut h = judge_held_out();
  write_metrics(h);
  const double n = double(summed_steps_);
  const double value = h.log_likelihood - h.kl;
  const double done = progress();
  show_status_line(formatted("epoch {:>4}  gain {:7.2f} (held out {:7.2f})  kl {:6.2f}  chain {:7.2f}  {}  {} left",
                             optimiser_.steps / steps_per_epoch_, sums_.log_likelihood / n - h.base_log_likelihood,
                             h.log_likelihood - h.base_log_likelihood, sums_.kl / n, sums_.chain / n,
                             duration_text(elapsed()), duration_text(elapsed() * (1 - done) / std::max(done, 1e-6))));
  sums_ = LossTerms();
  summed_steps_ = 0;
  // A better model explains more of each image, and the scales move with it.
  scales_.update(model_.images.scale);
  scales_ = ScaleStatistics(scales_.sums.size(0));
  if (value > best_held_out_ + 0.01 || done < setup_.config.objective.warmup) {
    best_held_out_ = value;
    best_progress_ = done;
  } else if (setup_.config.patience > 0 && done - best_progress_ > setup_.config.patience) {
    log_info("The held-out likelihood has been flat for {:.0f} % of the run: stopping early", 100 * setup_.config.patience);
    finished_ = true;
  }
}

void Trainer::run() {
  last_checkpoint_ = std::chrono::steady_clock::now();
  while (!finished_ && progress() < 1) {
    train_step();
    if (optimiser_.steps % steps_per_epoch_ == 0) end_of_epoch();
    if (stop_requested()) {
      save_checkpoint();
      throw Interrupted(formatted("stopped at step {}; continue with --resume", optimiser_.steps));
    }
    const auto now = std::chrono::steady_clock::now();
    if (std::chrono::duration<double>(now - last_checkpoint_).count() > setup_.config.checkpoint_seconds) {
      save_checkpoint();
      last_checkpoint_ = now;
    }
  }
  finished_ = true;
  save_checkpoint();
}

void Trainer::save_checkpoint() const {
  NamedTensors checkpoint;
  store_model(model_, checkpoint);
  store_optimiser(optimiser_, checkpoint);
  store_scalar(checkpoint, "state/seconds", elapsed());
  store_scalar(checkpoint, "state/best_held_out", best_held_out_);
  store_scalar(checkpoint, "state/best_progress", best_progress_);
  store_scalar(checkpoint, "state/summed_steps", double(summed_steps_));
  store_scalar(checkpoint, "state/sum_log_likelihood", sums_.log_likelihood);
  store_scalar(checkpoint, "state/sum_kl", sums_.kl);
  store_scalar(checkpoint, "state/sum_chain", sums_.chain);
  store_scalar(checkpoint, "state/sum_centring", sums_.centring);
  checkpoint.tensors["state/scales"] = scales_.sums;
  store_scalar(checkpoint, "data/particles", double(stack_.size()));
  store_scalar(checkpoint, "data/box", double(stack_.box()));
  checkpoint.tensors["frame/origin"] = tensor_from(
      {float(setup_.origin.x), float(setup_.origin.y), float(setup_.origin.z)}, {3});
  store_scalar(checkpoint, "data/smallest_pixel_size", smallest_pixel_size(stack_));
  checkpoint.metadata["format"] = "cryomer checkpoint 1";
  checkpoint.metadata["config"] = config_to_json(setup_.config);
  write_safetensors(directory_.checkpoint(), checkpoint);
}

void Trainer::resume() {
  const std::string source = directory_.checkpoint();
  const NamedTensors checkpoint = read_safetensors(source);
  const auto particles = int64_t(scalar(checkpoint, "data/particles", source));
  if (particles != stack_.size()) {
    fail("{}: the run was trained on {} particles but {} holds {}. Resume with the same data, or start a new run", source,
         particles, stack_.path(), stack_.size());
  }
  restore_model(model_, checkpoint, source);
  restore_optimiser(optimiser_, checkpoint, source);
  earlier_seconds_ = scalar(checkpoint, "state/seconds", source);
  best_held_out_ = scalar(checkpoint, "state/best_held_out", source);
  best_progress_ = scalar(checkpoint, "state/best_progress", source);
  summed_steps_ = int64_t(scalar(checkpoint, "state/summed_steps", source));
  sums_.log_likelihood = scalar(checkpoint, "state/sum_log_likelihood", source);
  sums_.kl = scalar(checkpoint, "state/sum_kl", source);
  sums_.chain = scalar(checkpoint, "state/sum_chain", source);
  sums_.centring = scalar(checkpoint, "state/sum_centring", source);
  scales_.sums.copy_(checkpoint.tensors.at("state/scales"));
  start_ = std::chrono::steady_clock::now();
}

TrainedModel load_trained_model(const RunDirectory& directory) {
  TrainedModel trained;
  if (!std::filesystem::exists(directory.checkpoint())) {
    fail("{}: no checkpoint.safetensors in this folder; expected the --out folder of `cryomer train`", directory.path);
  }
  const NamedTensors checkpoint = read_safetensors(directory.checkpoint());
  const auto config = checkpoint.metadata.find("config");
  if (config == checkpoint.metadata.end()) fail("{}: not a checkpoint of cryomer train", directory.checkpoint());
  config_from_json(trained.setup.config, config->second, directory.checkpoint());
  trained.setup.structure = read_structure(directory.structure(trained.setup.config.data.structure));
  const std::string source = directory.checkpoint();
  const auto origin = checkpoint.tensors.find("frame/origin");
  if (origin == checkpoint.tensors.end()) fail("{}: tensor 'frame/origin' is missing", source);
  const std::vector<float> o = to_floats(origin->second);
  trained.setup.origin = {o[0], o[1], o[2]};
  trained.model = std::make_unique<Autoencoder>(trained.setup.config.model, trained.setup.centred(),
                                                int64_t(scalar(checkpoint, "data/box", source)),
                                                scalar(checkpoint, "data/smallest_pixel_size", source),
                                                uint64_t(trained.setup.config.seed));
  restore_model(*trained.model, checkpoint, source);
  return trained;
}

}  // namespace cryomer
