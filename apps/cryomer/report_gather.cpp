#include "report_gather.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/text.h"
#include "cryomer/data/particle_loader.h"
#include "cryomer/evaluation/conformations.h"
#include "cryomer/evaluation/fluctuations.h"
#include "cryomer/evaluation/marginal.h"
#include "cryomer/evaluation/mode_occupancy.h"
#include "cryomer/geometry/superpose.h"
#include "cryomer/inference/posterior.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/io/weights.h"
#include "cryomer/report/valley.h"
#include "report_gatherer.h"

namespace cryomer {

namespace {

namespace fs = std::filesystem;

constexpr int64_t kDrawn = 500;  // structures drawn when no ensemble is given, and of each half set
constexpr int64_t kJudged = 250;  // of the prior against as many of the particles
constexpr int64_t kPopulation = 300, kPopulationSamples = 8;  // particles and samples of each that are decoded for populations
constexpr int64_t kMostOfPopulation = 2000;                   // particles of --posterior that have samples
constexpr int64_t kSimulated = 256;                           // images, to see what single ones can tell
constexpr size_t kGallery = 8;
constexpr int64_t kTraces = 24;

// The command lines that made the run, from its log: "2026-01-02 03:04:05 info: cryomer train ...".
std::vector<std::string> logged_commands(const std::string& path) {
  std::vector<std::string> commands;
  if (!fs::exists(path)) return commands;
  const std::string mark = " info: cryomer ";
  for (const std::string& line : split(read_file(path), '\n')) {
    const size_t place = line.find(mark);
    if (place == std::string::npos || place > 30) continue;
    const std::string command = line.substr(place + 7);
    if (commands.empty() || commands.back() != command) commands.push_back(command);
  }
  return commands;
}

// At most `most` of the particles, evenly spread.
SampledDistances thinned(const SampledDistances& all, int64_t particles, int64_t most) {
  if (particles <= most || all.per_particle < 2) return all;
  SampledDistances chosen{all.per_particle, {}};
  for (const std::vector<double>& distances : all.distances) {
    std::vector<double>& kept = chosen.distances.emplace_back();
    for (const int64_t i : spread_rows(particles, most)) {
      kept.insert(kept.end(), distances.begin() + i * all.per_particle, distances.begin() + (i + 1) * all.per_particle);
    }
  }
  return chosen;
}

}  // namespace

void Gatherer::open_run() {
  if (!fs::exists(directory_.config()) && !fs::exists(directory_.checkpoint())) {
    fail("{}: neither config.json nor checkpoint.safetensors in this folder; expected the --out folder of cryomer train",
         settings_.run_folder);
  }
  if (fs::exists(directory_.checkpoint())) {
    trained_ = load_trained_model(directory_);
    config_ = trained_->setup.config;
    structure_ = trained_->setup.structure;
  } else {
    config_from_json(config_, read_file(directory_.config()), directory_.config());
    structure_ = read_structure(directory_.structure(config_.data.structure));
    absent("Whatever needs the model: the run has no checkpoint yet.");
  }
  cas_ = atoms_of(structure_, AtomSet::ca);
  room_ = movie_room(structure_);
  explorer_.structure = structure_;
  explorer_.atoms = ribbon_atoms(structure_);
  if (fs::exists(directory_.metrics())) {
    report_.metrics = read_csv(directory_.metrics());
  }
  if (report_.metrics.row_count() == 0) absent("Training curves: metrics.csv has no row yet; one is written after each pass over the particles.");
}

void Gatherer::open_particles() {
  try {
    stack_ = ParticleStack::open(config_.data.particles, particle_options(config_, settings_.data_dir));
  } catch (const Error& problem) {
    absent(formatted("Particle images and viewing directions: {} (--data-dir says where image stacks are)", problem.what()));
    return;
  }
  const bool inferred = config_.data.poses != "given";
  if (inferred && trained_ && trained_->poses.particles() == stack_->size()) {
    for (int64_t i = 0; i < stack_->size(); ++i) poses_.push_back(trained_->poses.pose(i, trained_->poses.best_slot(i)));
  } else if (inferred && !inputs_.posterior.empty()) {
    const std::string path = inputs_.posterior + "/particles.star";
    const StarFile star = read_star(path);
    poses_ = poses_of(particle_table(star, path));
  } else if (stack_->has_poses()) {
    for (int64_t i = 0; i < stack_->size(); ++i) poses_.push_back(stack_->pose(i));
  }
  for (const Pose& pose : poses_) report_.viewing_directions.push_back(pose.rotation.row(2));
  if (poses_.empty()) absent("Viewing directions: there is no model with poses of these particles; --posterior brings those that were inferred.");
}

void Gatherer::open_ensemble() {
  if (!inputs_.ensemble.empty()) {
    ensemble_ = read_ensemble(inputs_.ensemble, structure_, inputs_.topology);
    report_.ensemble.emplace().source = formatted("{} structure{} of {}.", ensemble_.size(), ensemble_.size() == 1 ? "" : "s", inputs_.ensemble);
  } else if (trained_) {
    drawn_here_ = true;
    ensemble_.atom_count = structure_.atom_count();
    decode_in_blocks(*trained_, trained_->model->prior.sample(kDrawn, uint64_t(settings_.seed)), "sampling", [&](const Tensor& block) {
      for (int64_t i = 0; i < block.size(0); ++i) ensemble_.append(block.data_ptr<float>() + i * block.size(1) * 3);
    });
    report_.ensemble.emplace().source =
        formatted("{} structures drawn from the model's distribution for this page.", ensemble_.size());
  }
}

// Without --distance: the pair of CAs whose distance varies most in the ensemble, and the one that varies most among those
// that hardly follow the first.
void Gatherer::choose_distances() {
  pairs_ = inputs_.pairs(structure_);
  if (!pairs_.empty() || ensemble_.size() < 3 || cas_.size() < 3) return;
  const size_t stride = std::max<size_t>(1, cas_.size() / 120);
  const int64_t step = std::max<int64_t>(1, ensemble_.size() / 100);
  struct Candidate {
    int first, second;
    double deviation;
  };
  const auto lengths = [&](int first, int second) {
    std::vector<double> values;
    for (int64_t i = 0; i < ensemble_.size(); i += step) {
      values.push_back(PairDistance{"", first, second}.of(ensemble_.conformation(i)));
    }
    return values;
  };
  std::vector<Candidate> candidates;
  for (size_t a = 0; a < cas_.size(); a += stride) {
    for (size_t b = a + 1; b < cas_.size(); b += stride) {
      candidates.push_back({cas_[a], cas_[b], moments({lengths(cas_[a], cas_[b]), {}}).standard_deviation});
    }
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) { return a.deviation > b.deviation; });
  const std::vector<double> leading = lengths(candidates[0].first, candidates[0].second);
  const Moments of_leading = moments({leading, {}});
  const auto follows = [&](const Candidate& candidate) {
    const std::vector<double> values = lengths(candidate.first, candidate.second);
    const Moments of = moments({values, {}});
    double sum = 0;
    for (size_t i = 0; i < values.size(); ++i) sum += (values[i] - of.mean) * (leading[i] - of_leading.mean);
    return std::abs(sum) > 0.5 * double(values.size()) * of.standard_deviation * of_leading.standard_deviation;
  };
  std::vector<Candidate> chosen{candidates[0]};
  for (size_t k = 1; k < std::min<size_t>(candidates.size(), 5000); ++k) {
    if (follows(candidates[k])) continue;
    chosen.push_back(candidates[k]);
    break;
  }
  for (const Candidate& c : chosen) {
    pairs_.push_back({atom_label(structure_, c.first) + ":" + atom_label(structure_, c.second), c.first, c.second});
  }
  report_.distance_remark = "No --distance was given: these are pairs of CAs whose distance varies most.";
}

void Gatherer::read_truth() {
  if (inputs_.truth.empty()) {
    absent("Any comparison with the truth: --truth (the true states) was not given. With real data there is none.");
    return;
  }
  states_ = read_ensemble(inputs_.truth, structure_, inputs_.truth_topology);
  if (!inputs_.truth_weights.empty()) weights_ = read_weights(inputs_.truth_weights, states_.size(), inputs_.truth);
  if (!inputs_.truth_star.empty()) {
    particle_truth_ = particle_truth(inputs_, states_);
  } else {
    absent("Particle by particle against the truth: --truth-star was not given.");
  }
}

void Gatherer::describe() {
  auto& facts = report_.facts;
  const auto fact = [&](const std::string& name, const std::string& value) { facts.push_back({name, value}); };
  fact("Run", fs::absolute(settings_.run_folder).lexically_normal().string());
  fact("Structure", formatted("{}: {}; {} atoms", config_.data.structure, describe_chains(structure_), structure_.atom_count()));
  std::string particles = config_.data.particles;
  if (stack_) {
    double least = 1e300, most = 0;
    for (const OpticsGroup& group : stack_->optics_groups()) {
      least = std::min(least, group.pixel_size);
      most = std::max(most, group.pixel_size);
    }
    particles += formatted(": {} of {} x {} pixels, {}{} A a pixel, {} optics group{}", stack_->size(), stack_->box(), stack_->box(),
                           least == most ? "" : formatted("{:g} to ", least), formatted("{:g}", most), stack_->optics_groups().size(),
                           stack_->optics_groups().size() == 1 ? "" : "s");
  }
  fact("Particles", particles);
  fact("Poses", config_.data.poses);
  if (trained_) {
    fact("Model", formatted("{} parameters, {} latent dimensions, encoder '{}', prior of {} component{}", trained_->model->parameters.count(),
                            trained_->model->latent_dim, config_.model.encoder.kind, trained_->model->prior.components(),
                            trained_->model->prior.components() == 1 ? "" : "s"));
  }
  if (trained_ && !trained_->moved_loops.empty()) fact("Loops found elsewhere", join(trained_->moved_loops, ", ") + ", before anything was learned");
  if (const CsvTable& m = report_.metrics; m.row_count() > 0) {
    const auto last = [&](const char* column) { return m.has(column) ? m.numbers(column).back() : 0.0; };
    fact("Training", formatted("{} in {} steps and {} epochs; {:.0f} images a second at the end{}", duration_text(last("seconds")),
                               int64_t(last("step")), int64_t(last("epoch")), last("images_per_second"),
                               trained_ && !trained_->ended ? "; stopped before its end, train --resume goes on" : ""));
  }
  fact("Held out", formatted("{:g} % of the particles", 100 * config_.data.held_out_fraction));
  fact("Seed", formatted("{}", config_.seed));
  report_.commands = logged_commands(directory_.log());
  report_.commands.push_back(command_line);
  if (trained_ && stack_) {
    const NoiseModel& noise = trained_->model->images.noise;
    const Tensor power = noise.power.contiguous();
    const auto values = power.accessor<double, 2>();
    for (int64_t g = 0; g < power.size(0); ++g) {
      NoiseSpectrum spectrum;
      const OpticsGroup& group = stack_->optics_groups()[g];
      spectrum.name = group.name;
      for (int64_t ring = 1; ring <= std::min<int64_t>(stack_->box() / 2, power.size(1) - 1); ++ring) {
        spectrum.frequency.push_back(double(ring) / (stack_->box() * group.pixel_size));
        spectrum.power.push_back(values[g][ring]);
      }
      report_.noise.push_back(std::move(spectrum));
    }
  }
}

void Gatherer::view_ensemble() {
  if (!report_.ensemble) return;
  if (cas_.empty()) {
    report_.ensemble.reset();
    absent("The molecule in motion: the structure has no CA of a protein, which traces and fluctuations are drawn from.");
    return;
  }
  EnsembleView& view = *report_.ensemble;
  for (const int atom : cas_) view.residues.push_back(residue_label(structure_.residues[structure_.atoms[atom].residue]));
  const Fluctuations moving = fluctuations(cas_of(ensemble_));
  view.rmsf = moving.rmsf;
  if (states_.size() > 0) view.truth_rmsf = fluctuations(cas_of(states_), weights_).rmsf;
  TraceView& traces = view.traces;
  traces.traces.atom_count = int64_t(cas_.size());
  const int64_t shown = std::min(kTraces, ensemble_.size());
  for (int64_t i = 0; i < shown; ++i) traces.traces.append(moving.superposed.conformation(i * ensemble_.size() / shown));
  // Loose ends of a chain would leave everything else in one colour.
  std::vector<double> sorted = view.rmsf;
  std::sort(sorted.begin(), sorted.end());
  const double most = view.color_most = explorer_.rmsf_most = std::max(1e-9, sorted[size_t(0.98 * double(sorted.size() - 1))]);
  for (size_t r = 0; r < cas_.size(); ++r) {
    traces.color.push_back(std::min(1.0, view.rmsf[r] / most));
    const int residue = structure_.atoms[cas_[r]].residue;
    traces.joined.push_back(r > 0 && structure_.residues[residue].bonded_to_previous && structure_.atoms[cas_[r - 1]].residue == residue - 1);
  }
  // The base structure among them, moved onto the first.
  std::vector<float> base;
  for (const int atom : cas_) {
    for (int k = 0; k < 3; ++k) base.push_back(float(structure_.atoms[atom].position[k]));
  }
  const RigidTransform onto = superpose(base.data(), traces.traces.conformation(0), cas_.size()).transform;
  for (size_t a = 0; a < base.size(); a += 3) {
    const Vec3 moved = onto.apply({base[a], base[a + 1], base[a + 2]});
    for (int k = 0; k < 3; ++k) base[a + k] = float(moved[k]);
  }
  traces.foreground = std::move(base);
  for (size_t k = 0; k < pairs_.size(); ++k) {
    DistanceView distance;
    distance.name = pairs_[k].name;
    distance.learned = distances_of(pairs_[k], ensemble_);
    if (states_.size() > 0) {
      distance.truth = distances_of(pairs_[k], states_);
      distance.truth_weights = weights_;
    }
    report_.distances.push_back(std::move(distance));
  }
  explorer_.rmsf.assign(structure_.residues.size(), std::nan(""));
  for (size_t r = 0; r < cas_.size(); ++r) explorer_.rmsf[structure_.atoms[cas_[r]].residue] = view.rmsf[r];
  choose_cuts();
  explorer_.movies.push_back(ensemble_movie(ensemble_, moving.superposed, room_));
  if (!cuts_.empty()) view_states(moving.superposed);
}

void Gatherer::choose_cuts() {
  cuts_ = inputs_.cuts;
  for (size_t k = 0; k < cuts_.size(); ++k) cut_pairs_.push_back(k);
  if (cuts_.empty()) {
    for (size_t k = 0; k < pairs_.size(); ++k) {
      const auto valley = valley_of(report_.distances[k].learned);
      if (!valley) continue;
      cut_pairs_.push_back(k);
      cuts_.push_back(std::round(10 * *valley) / 10);
    }
    cut_remark_ = "No --cut was given: distances with two peaks are cut at the valley between them.";
  }
  for (size_t k = 0; k < cuts_.size(); ++k) report_.distances[cut_pairs_[k]].cut = cuts_[k];
}

void Gatherer::view_states(const Ensemble& superposed) {
  std::vector<std::string> names(size_t{1} << cuts_.size());
  for (size_t state = 0; state < names.size(); ++state) {
    for (size_t k = 0; k < cuts_.size(); ++k) {
      names[state] += formatted("{}{} {} {:g} \u00c5", k ? ", " : "", spoken(pairs_[cut_pairs_[k]].name),
                                state >> (cuts_.size() - 1 - k) & 1 ? '>' : '<', cuts_[k]);
    }
  }
  std::vector<size_t> state_of(size_t(ensemble_.size()), 0);
  for (size_t k = 0; k < cuts_.size(); ++k) {
    const std::vector<double>& learned = report_.distances[cut_pairs_[k]].learned;
    for (size_t i = 0; i < state_of.size(); ++i) state_of[i] = 2 * state_of[i] + (learned[i] < cuts_[k] ? 0 : 1);
  }
  explorer_.movies.push_back(state_movie(ensemble_, superposed, state_of, names, room_));
  report_.occupancies = Occupancies{cut_remark_, names, {}};
}

void Gatherer::view_occupancies() {
  if (!report_.occupancies) return;
  const auto add = [&](const std::string& name, Tone tone, std::vector<double> DistanceView::*values, const std::vector<double>& weights) {
    std::vector<std::vector<double>> chosen;
    for (const size_t k : cut_pairs_) chosen.push_back(report_.distances[k].*values);
    if (!chosen[0].empty()) report_.occupancies->series.push_back({name, tone, mode_occupancy(chosen, cuts_, weights)});
  };
  add("truth", Tone::truth, &DistanceView::truth, weights_);
  add("learned distribution", Tone::learned, &DistanceView::learned, {});
  add("particles", Tone::second, &DistanceView::inferred, {});
}

Tensor Gatherer::latents_of(const std::vector<int64_t>& particles) {
  if (given_latents_.values.empty()) return infer_posterior_of(particles, *trained_, *stack_, true).mean;
  const int64_t dim = given_latents_.shape[1];
  Tensor latents = at::empty({int64_t(particles.size()), dim});
  for (size_t i = 0; i < particles.size(); ++i) {
    std::copy_n(given_latents_.values.data() + particles[i] * dim, dim, latents.data_ptr<float>() + int64_t(i) * dim);
  }
  return latents;
}

void Gatherer::view_gallery() {
  if (!trained_ || !stack_) return;
  const ParticleSplit split = split_particles(stack_->size(), config_.data.held_out_fraction);
  const std::vector<int64_t>& from = split.held_out.size() >= kGallery ? split.held_out : split.training;
  std::vector<int64_t> rows;
  for (size_t i = 0; i < std::min(kGallery, from.size()); ++i) rows.push_back(from[i * from.size() / std::min(kGallery, from.size())]);
  if (!given_latents_.values.empty() && given_latents_.shape[0] != stack_->size()) {
    given_latents_ = {};  // of other particles
  }
  const Autoencoder& model = *trained_->model;
  if (stack_->box() != model.images.grid().box) return;
  at::NoGradGuard guard;
  ParticleBatch batch = ParticleLoader(*stack_).load(rows);
  Tensor latents;
  if (trained_->poses_were_inferred()) {
    // Pose and conformation belong together.
    const Posterior inferred = infer_posterior_of(rows, *trained_, *stack_, true);
    latents = inferred.mean;
    batch = batch.with_poses(Poses::of(inferred.poses));
  } else {
    latents = latents_of(rows);
  }
  const Tensor positions = model.decoder(latents).contiguous();
  const ViewIndex each{at::arange(batch.size(), at::kLong), at::arange(batch.size(), at::kLong)};
  const Tensor scale =
      model.images.log_likelihood(positions, batch.rotation, batch.shift, each, model.images.observe(batch)).scale.contiguous();
  const Tensor predicted = model.images.predict(positions, batch, scale);
  const std::vector<float> observed_values = to_floats(batch.images), predicted_values = to_floats(predicted);
  Gallery gallery;
  gallery.pixel_size = stack_->optics(rows[0]).pixel_size;
  gallery.remark = formatted("{} particles{}, with the structure that was inferred for each, at its pose and through its CTF.", rows.size(),
                             &from == &split.held_out ? " that were not trained on" : "");
  const size_t pixels = size_t(stack_->box()) * stack_->box();
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto image = [&](const std::vector<float>& values) {
      return GrayImage{stack_->box(), {values.begin() + i * pixels, values.begin() + (i + 1) * pixels}};
    };
    gallery.particles.push_back({formatted("{}", rows[i]), image(observed_values), image(predicted_values)});
  }
  report_.gallery = std::move(gallery);
}

void Gatherer::compare() {
  if (states_.size() == 0) return;
  if (ensemble_.size() > 0) {
    report_.ensemble_comparison = compare_ensemble(inputs_, structure_, ensemble_, states_, pairs_, settings_.seed);
  }
  if (!inputs_.posterior.empty() && particle_truth_ && fs::exists(inputs_.posterior + "/structures.dcd")) {
    report_.posterior_comparison = compare_posterior_folder(inputs_, structure_, *particle_truth_, pairs_);
  }
}

void Gatherer::judge() {
  if (states_.size() > 0 || (!trained_ && report_.metrics.row_count() == 0)) return;
  RunJudgement& judgement = report_.judgement.emplace();
  judgement.run = settings_.run_folder;
  judgement.held_out = held_out_figures(directory_, judgement.absent);
  if (latents_ && latents_->deviation.defined()) {
    JudgementOptions options;
    options.distances = pairs_;
    options.atoms = atom_set_from_name(inputs_.atoms);
    options.n = std::min(inputs_.n, kJudged);
    options.seed = settings_.seed;
    options.particles = kPopulation;
    options.samples = kPopulationSamples;
    if (drawn_here_) options.prior = &ensemble_;
    const SampledDistances sampled = thinned(sampled_, int64_t(explorer_.rows.size()), kMostOfPopulation);
    if (sampled.per_particle > 1) options.sampled = &sampled;
    if (!cuts_.empty()) {
      options.cuts.assign(pairs_.size(), std::nan(""));
      for (size_t k = 0; k < cuts_.size(); ++k) options.cuts[cut_pairs_[k]] = cuts_[k];
    }
    judge_model(judgement, *trained_, *latents_, structure_, options);
    if (stack_) {
      options.simulated = kSimulated;
      judge_recovery(judgement, *trained_, *stack_, options);
    }
  }
  for (const std::string& what : judgement.absent) absent(what);
}

void Gatherer::compare_halves() {
  if (settings_.other_half.empty()) return;
  ComparisonInputs inputs = inputs_;
  inputs.n = std::min(inputs_.n, kDrawn);
  if (inputs.distances.empty()) {
    for (const PairDistance& pair : pairs_) inputs.distances.push_back(pair.name);
  }
  report_.half_sets = compare_half_sets({settings_.run_folder, settings_.other_half}, structure_, inputs, settings_.seed);
}

RunReport Gatherer::gather() {
  open_run();
  open_particles();
  open_ensemble();
  choose_distances();
  read_truth();
  describe();
  view_ensemble();
  view_particles();
  view_occupancies();
  view_gallery();
  compare();
  judge();
  compare_halves();
  std::string name = fs::absolute(settings_.run_folder).lexically_normal().filename().string();
  if (name.empty()) name = fs::absolute(settings_.run_folder).lexically_normal().parent_path().filename().string();
  if (!explorer_.movies.empty() || !explorer_.rows.empty()) report_.explorer = std::move(explorer_);
  report_.title = "Cryomer: " + name;
  report_.subtitle = formatted("{}, {}", fs::path(config_.data.structure).filename().string(),
                               stack_ ? formatted("{} particles", stack_->size()) : fs::path(config_.data.particles).filename().string());
  return std::move(report_);
}

RunReport gather_report(const ReportSettings& settings) { return Gatherer(settings).gather(); }

}  // namespace cryomer
