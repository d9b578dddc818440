#include "run_evaluation.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/evaluation/marginal.h"
#include "cryomer/inference/recovery.h"
#include "cryomer/inference/sampling.h"
#include "cryomer/io/csv.h"
#include "cryomer/io/structure_file.h"
#include "run_latents.h"

namespace cryomer {

namespace {

namespace fs = std::filesystem;

constexpr int64_t kParticles = 1000;  // inferred when no posterior is given
constexpr int64_t kLeastDrawn = 200, kMostDrawn = 2048;  // of the prior and of the particles; twice --n between them
constexpr int64_t kAxes = 3;

bool is_run(const std::string& path) {
  const RunDirectory directory{path};
  return fs::is_directory(path) && (fs::exists(directory.config()) || fs::exists(directory.checkpoint()));
}

AgreementOptions agreement_options(const ComparisonInputs& inputs, const Structure& base, int64_t n, int64_t seed) {
  AgreementOptions options;
  options.emd.n = n;
  options.emd.seed = uint64_t(seed);
  options.atoms = atom_set_from_name(inputs.atoms);
  options.distances = inputs.pairs(base);
  options.cuts = inputs.cuts;
  return options;
}

void require_same_atoms(const Structure& base, const Structure& other, const std::string& name) {
  if (base.atom_count() != other.atom_count()) {
    fail("{}: its structure has {} atoms, the other {}: both runs must be of the same structure", name, other.atom_count(),
         base.atom_count());
  }
  for (int a = 0; a < base.atom_count(); ++a) {
    if (atom_label(base, a) == atom_label(other, a)) continue;
    fail("{}: its atom {} is {}, of the other {}: both runs must be of the same structure", name, a + 1, atom_label(other, a),
         atom_label(base, a));
  }
}

std::vector<LatentAxis> compare_latents(const LatentDirections& directions, const Tensor& aggregated, const Tensor& prior) {
  const std::vector<float> points = to_floats(aggregated), prior_points = to_floats(prior);
  std::vector<LatentAxis> axes;
  for (int64_t k = 0; k < directions.count(); ++k) {
    const Marginal of{directions.along(k, points), {}}, of_prior{directions.along(k, prior_points), {}};
    const Moments moment = moments(of), prior_moment = moments(of_prior);
    axes.push_back({directions.share[k], moment.standard_deviation, prior_moment.standard_deviation,
                    prior_moment.mean - moment.mean, ks_statistic(of, of_prior)});
  }
  return axes;
}

SampledDistances samples_of_particles(const TrainedModel& trained, const RunLatents& latents, const JudgementOptions& options) {
  SampledDistances result;
  result.distances.resize(options.distances.size());
  const std::vector<int64_t> rows = spread_rows(latents.mean.size(0), options.particles);
  const Tensor index = tensor_from(rows);
  const int64_t count = int64_t(rows.size()), dim = latents.mean.size(1);
  Tensor noise = at::empty({count, options.samples, dim});
  Random(uint64_t(options.seed), 0x5a3).fill_normal(noise.data_ptr<float>(), size_t(noise.numel()));
  result.per_particle = options.samples;
  const DiagonalGaussian chosen{latents.mean.index_select(0, index), latents.deviation.index_select(0, index)};
  decode_in_blocks(trained, chosen.sample(noise).reshape({-1, dim}), "particles' samples", [&](const Tensor& block) {
    for (int64_t i = 0; i < block.size(0); ++i) {
      const float* const structure = block.data_ptr<float>() + i * block.size(1) * 3;
      for (size_t d = 0; d < options.distances.size(); ++d) result.distances[d].push_back(options.distances[d].of(structure));
    }
  });
  return result;
}

// Of a folder of infer, where it has several structures of each particle.
std::optional<SampledDistances> samples_in_folder(const std::string& posterior, int64_t particles, const Structure& base,
                                                  const std::vector<PairDistance>& pairs) {
  const std::string path = posterior + "/structures.dcd";
  if (posterior.empty() || !fs::exists(path)) return std::nullopt;
  const auto structures = open_trajectory(path, base);
  SampledDistances result;
  result.per_particle = structures->size() / particles;
  if (result.per_particle < 2 || result.per_particle * particles != structures->size()) return std::nullopt;
  result.distances.resize(pairs.size());
  std::vector<float> x(size_t(3 * base.atom_count()));
  for (int64_t i = 0; i < structures->size(); ++i) {
    structures->read(i, x.data());
    for (size_t d = 0; d < pairs.size(); ++d) result.distances[d].push_back(pairs[d].of(x.data()));
  }
  return result;
}

}  // namespace

std::optional<HeldOutFigures> held_out_figures(const RunDirectory& directory, std::vector<std::string>& absent) {
  if (!fs::exists(directory.metrics())) {
    absent.push_back("Held-out likelihood: the run has no metrics.csv yet; a row is written after each pass over the particles.");
    return std::nullopt;
  }
  const CsvTable metrics = read_csv(directory.metrics());
  const auto last = [&](const char* column) { return metrics.numbers(column).back(); };
  for (const char* column : {"epoch", "held_out_log_likelihood", "held_out_kl", "base_log_likelihood", "log_likelihood"}) {
    if (metrics.row_count() > 0 && metrics.has(column)) continue;
    absent.push_back(formatted("Held-out likelihood: {} {}.", directory.metrics(),
                               metrics.row_count() > 0 ? formatted("has no column {}", column) : "has no row yet"));
    return std::nullopt;
  }
  HeldOutFigures figures;
  figures.epoch = int64_t(last("epoch"));
  figures.log_likelihood = last("held_out_log_likelihood");
  figures.divergence = last("held_out_kl");
  figures.base_log_likelihood = last("base_log_likelihood");
  figures.training_log_likelihood = last("log_likelihood");
  if (std::isfinite(figures.log_likelihood)) return figures;
  absent.push_back("Held-out likelihood: the run held no particles out (data.held_out_fraction), so nothing says whether it learned more than their noise.");
  return std::nullopt;
}

Structure structure_of_run(const std::string& folder) {
  if (!is_run(folder)) {
    fail("{}: neither config.json nor checkpoint.safetensors in this folder; expected the --out folder of `cryomer train`", folder);
  }
  const RunDirectory directory{folder};
  if (fs::exists(directory.checkpoint())) return load_trained_model(directory).setup.structure;
  TrainingConfig config;
  config_from_json(config, read_file(directory.config()), directory.config());
  return read_structure(directory.structure(config.data.structure));
}

Agreement compare_half_sets(const std::vector<std::string>& sides, const Structure& base, const ComparisonInputs& inputs,
                            int64_t seed) {
  Ensemble ensembles[2];
  std::vector<DataConfig> runs;
  for (int side = 0; side < 2; ++side) {
    if (!fs::is_directory(sides[side])) {
      ensembles[side] = read_ensemble(sides[side], base, inputs.topology);
      continue;
    }
    const TrainedModel trained = load_trained_model({sides[side]});
    require_same_atoms(base, trained.setup.structure, sides[side]);
    runs.push_back(trained.setup.config.data);
    std::vector<std::string> absent;
    const auto held_out = held_out_figures({sides[side]}, absent);
    if (held_out && held_out->gain() <= 0) {
      log_warning("{}: explains images that it was not trained on no better than the base structure (its bound gains {:.1f} nats an image): it has "
                  "learned nothing yet that another half could confirm",
                  sides[side], held_out->gain());
    }
    ensembles[side] = decoded_structures(trained, trained.model->prior.sample(inputs.n, uint64_t(seed + side)), "sampling");
  }
  if (runs.size() == 2 && runs[0].particles == runs[1].particles &&
      (runs[0].half == runs[1].half || runs[0].half == 0 || runs[1].half == 0)) {
    log_warning(
        "{} and {} were not trained on different halves (train --half 1 and --half 2): what they agree on may be the noise of the "
        "same images",
        sides[0], sides[1]);
  }
  // Half of each side's draws are compared with half of the other's: then both floor and value have n of each.
  const int64_t n = std::max<int64_t>(1, std::min({inputs.n, ensembles[0].size(), ensembles[1].size() / 2}));
  Agreement agreement = compare_sides(base, ensembles[0], ensembles[1], agreement_options(inputs, base, n, seed));
  agreement.names = {sides[0], sides[1]};
  return agreement;
}

void judge_model(RunJudgement& judgement, const TrainedModel& trained, const RunLatents& latents, const Structure& base,
                 const JudgementOptions& options) {
  const int64_t drawn = options.prior ? options.prior->size() : std::clamp(2 * options.n, kLeastDrawn, kMostDrawn);
  const Tensor prior = trained.model->prior.sample(drawn, uint64_t(options.seed));
  const Tensor aggregated = aggregated_draws(latents, drawn, Random(uint64_t(options.seed), 0xa66));
  judgement.latent = compare_latents(moving_directions(trained, latents, kAxes), aggregated, prior);
  const Ensemble drawn_here = options.prior ? Ensemble() : decoded_structures(trained, prior, "draws of the prior");
  const Ensemble &of_prior = options.prior ? *options.prior : drawn_here,
                 of_particles = decoded_structures(trained, aggregated, "draws of the particles");
  AgreementOptions agreement;
  agreement.emd.n = std::min<int64_t>(options.n, drawn / 2);
  agreement.emd.seed = uint64_t(options.seed);
  agreement.atoms = options.atoms;
  agreement.distances = options.distances;
  agreement.cuts = options.cuts;
  judgement.particles_and_prior = compare_sides(base, of_particles, of_prior, agreement);
  judgement.particles_and_prior->names = {"particles", "prior"};
  if (options.distances.empty()) {
    judgement.absent.push_back("Populations: no --distance was given.");
    return;
  }
  const SampledDistances samples = options.sampled ? *options.sampled : samples_of_particles(trained, latents, options);
  for (size_t d = 0; d < options.distances.size(); ++d) {
    PopulationOptions population;
    population.seed = uint64_t(options.seed);
    population.has_cut = !options.cuts.empty() && !std::isnan(options.cuts[d]);
    if (population.has_cut) population.cut = options.cuts[d];
    judgement.populations.push_back(estimated_population(options.distances[d].name, samples.distances[d], samples.per_particle,
                                                         distances_of(options.distances[d], of_prior), population));
  }
}

namespace {

// What `body` fails with is said as absent.
void or_absent(RunJudgement& judgement, const char* what, const std::function<void()>& body) {
  try {
    body();
  } catch (const Interrupted&) {
    throw;
  } catch (const Error& problem) {
    judgement.absent.push_back(formatted("{}: {} (--data-dir says where image stacks are)", what, problem.what()));
  }
}

PosteriorComparison compare_recovery(const TrainedModel& trained, const Recovery& recovery, const JudgementOptions& options) {
  const Ensemble drawn = decoded_structures(trained, recovery.drawn, "structures drawn");
  Structure middle = trained.setup.structure;
  std::vector<float> mean(drawn.coordinates.size() / size_t(drawn.size()), 0.0f);
  for (int64_t i = 0; i < drawn.size(); ++i) {
    for (size_t k = 0; k < mean.size(); ++k) mean[k] += drawn.conformation(i)[k] / float(drawn.size());
  }
  middle.set_coordinates(mean.data());
  PosteriorTruth truth;
  truth.states = &drawn;
  truth.state_of = spread_rows(drawn.size(), drawn.size());
  PosteriorComparisonOptions comparison;
  comparison.atoms = options.atoms;
  comparison.distances = options.distances;
  comparison.n = std::min<int64_t>(options.n, drawn.size());
  comparison.seed = uint64_t(options.seed);
  const bool searched = trained.poses_were_inferred();
  if (searched) truth.poses = recovery.drawn_poses;
  HeldTrajectory found("structures found", decoded_structures(trained, recovery.found, "structures found"));
  return compare_posterior(middle, found, searched ? recovery.found_poses : std::vector<Pose>(), truth, comparison);
}

}  // namespace

void judge_recovery(RunJudgement& judgement, const TrainedModel& trained, const ParticleStack& stack, const JudgementOptions& options) {
  or_absent(judgement, "What single images can tell", [&] {
    const Recovery recovery = recover(trained, stack, options.simulated, uint64_t(options.seed));
    judgement.recovery = compare_recovery(trained, recovery, options);
    judgement.recovery_strength = recovery.strength;
  });
}

RunJudgement judge_run(const std::string& folder, const Structure& base, const ComparisonInputs& inputs,
                       const std::string& data_dir, int64_t seed) {
  RunJudgement result;
  result.run = folder;
  const RunDirectory directory{folder};
  result.held_out = held_out_figures(directory, result.absent);
  if (!fs::exists(directory.checkpoint())) {
    result.absent.push_back("Prior, particles and populations: the run has no checkpoint yet.");
    return result;
  }
  const TrainedModel trained = load_trained_model(directory);
  RunLatents latents;
  try {
    latents = latents_of_run(trained, inputs.posterior, data_dir, kParticles);
  } catch (const Interrupted&) {
    throw;
  } catch (const Error& problem) {
    if (!inputs.posterior.empty()) throw;
    result.absent.push_back(formatted("Particles and populations: {} (--data-dir says where image stacks are)", problem.what()));
    return result;
  }
  JudgementOptions options;
  options.distances = inputs.pairs(base);
  options.cuts = inputs.cuts;
  options.atoms = atom_set_from_name(inputs.atoms);
  options.n = inputs.n;
  options.seed = seed;
  const auto sampled = samples_in_folder(inputs.posterior, latents.mean.size(0), base, options.distances);
  if (sampled) options.sampled = &*sampled;
  judge_model(result, trained, latents, base, options);
  or_absent(result, "What single images can tell", [&] {
    judge_recovery(result, trained, ParticleStack::open(trained.setup.config.data.particles, particle_options(trained.setup.config, data_dir)), options);
  });
  return result;
}

}  // namespace cryomer
