#include "cryomer/evaluation/posterior_comparison.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "cryomer/base/error.h"
#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"
#include "cryomer/evaluation/calibration.h"
#include "cryomer/evaluation/conformations.h"
#include "cryomer/evaluation/correlation.h"
#include "cryomer/evaluation/emd_rmsd.h"
#include "cryomer/evaluation/latent_readout.h"
#include "cryomer/evaluation/median.h"
#include "cryomer/geometry/superpose.h"

namespace cryomer {

namespace {

constexpr int64_t kBlock = 512;  // conformations read at a time, or all samples of one particle if they are more

constexpr uint64_t kDraws = 0xe3d;

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Mean over particles of the RMSD between the base structure and the particle's true state.
double baseline(const Ensemble& states, const std::vector<int64_t>& state_of,
                const std::vector<float>& base) {
  std::vector<double> particles(states.size(), 0.0), rmsd(states.size(), 0.0);
  for (const int64_t state : state_of) ++particles[state];
  at::parallel_for(0, states.size(), 16, [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; ++s) {
      if (particles[s] > 0) rmsd[s] = superpose(base.data(), states.conformation(s), states.atom_count).rmsd;
    }
  });
  double sum = 0;
  for (int64_t s = 0; s < states.size(); ++s) sum += particles[s] * rmsd[s];
  return sum / static_cast<double>(state_of.size());
}

DistanceCorrelation correlate(const std::string& name, const std::vector<double>& samples,
                              int64_t per_particle, const std::vector<double>& truth) {
  std::vector<double> estimate(truth.size());
  DistanceCorrelation result;
  result.name = name;
  double square = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    double sum = 0;
    for (int64_t k = 0; k < per_particle; ++k) sum += samples[i * per_particle + k];
    estimate[i] = sum / static_cast<double>(per_particle);
    result.bias += (estimate[i] - truth[i]) / static_cast<double>(truth.size());
    square += (estimate[i] - truth[i]) * (estimate[i] - truth[i]);
  }
  result.pearson_r = pearson_r(estimate, truth);
  result.rmse = std::sqrt(square / static_cast<double>(truth.size()));
  if (per_particle > 1) {
    const auto k = static_cast<double>(per_particle);
    std::vector<double> stated(truth.size()), error(truth.size());
    for (size_t i = 0; i < truth.size(); ++i) {
      double squares = 0;
      for (int64_t s = 0; s < per_particle; ++s) {
        squares += (samples[i * per_particle + s] - estimate[i]) * (samples[i * per_particle + s] - estimate[i]);
      }
      stated[i] = std::sqrt(squares / (k - 1) * (1 + 1 / k));  // of the truth about the mean of k samples
      error[i] = estimate[i] - truth[i];
    }
    result.uncertainty = check_uncertainty(stated, error);
    for (const double level : kCalibrationLevels) {
      result.coverage.push_back(interval_coverage(samples, per_particle, truth, level));
    }
  }
  return result;
}

}  // namespace

PosteriorComparison compare_posterior(const Structure& base, TrajectoryReader& structures,
                                      const std::vector<Pose>& poses, const PosteriorTruth& truth,
                                      const PosteriorComparisonOptions& options) {
  const int64_t particles = static_cast<int64_t>(truth.state_of.size());
  const int64_t atom_count = base.atom_count();
  if (particles == 0) fail("the truth holds no particles");
  require_usable(*truth.states, "truth");
  if (truth.states->atom_count != atom_count) {
    fail("the true states have {} atoms and {} {}, expected the same", truth.states->atom_count, base.source,
         atom_count);
  }
  if (structures.size() == 0 || structures.size() % particles != 0) {
    fail(
        "the posterior holds {} structures for {} particles, expected one for each, or the same number of "
        "samples for each",
        structures.size(), particles);
  }
  for (int64_t i = 0; i < particles; ++i) {
    if (truth.state_of[i] < 0 || truth.state_of[i] >= truth.states->size()) {
      fail(
          "particle {} of {} (counted from 1) has the true state {}, but the truth holds {} states (0 to "
          "{}): "
          "is it the trajectory the particles were simulated from?",
          i + 1, particles, truth.state_of[i], truth.states->size(), truth.states->size() - 1);
    }
  }
  const std::vector<int> atoms = atoms_of(base, options.atoms);
  if (atoms.empty()) fail("{} has no {} atoms to compare", base.source, name_of(options.atoms));

  std::vector<int64_t> every_state(truth.states->size());
  for (int64_t s = 0; s < truth.states->size(); ++s) every_state[s] = s;
  const Ensemble states = selected(*truth.states, every_state, atoms);
  Ensemble base_set;
  base_set.atom_count = atom_count;
  base_set.append(base.coordinates().data());

  PosteriorComparison result;
  result.particles = particles;
  result.samples_per_particle = structures.size() / particles;
  result.atoms = options.atoms;
  result.rmsd_baseline = baseline(states, truth.state_of, selected(base_set, {0}, atoms).coordinates);

  const int64_t k = result.samples_per_particle;
  std::vector<double> rmsd(structures.size()), between(k > 1 ? structures.size() : 0);
  const int64_t block_size = std::max(k, kBlock / k * k);
  std::vector<std::vector<double>> distances(options.distances.size(),
                                             std::vector<double>(structures.size()));
  Random random(options.seed, kDraws);
  const Draw drawn = make_draw(sampled(structures.size(), options.n, random));
  Ensemble kept;  // of the draw
  kept.atom_count = int64_t(atoms.size());
  Progress progress("comparing", structures.size(), "structures");
  for (int64_t first = 0; first < structures.size(); first += block_size) {
    if (stop_requested()) throw Interrupted("stopped while comparing the posterior with the truth");
    const int64_t count = std::min(block_size, structures.size() - first);
    Ensemble block;
    block.atom_count = atom_count;
    block.coordinates.resize(3 * atom_count * count);
    for (int64_t i = 0; i < count; ++i) structures.read(first + i, block.conformation(i));
    require_usable(block, formatted("posterior (structures {} to {})", first + 1, first + count));
    at::parallel_for(0, count, 8, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const float* state = states.conformation(truth.state_of[(first + i) / k]);
        const Ensemble reduced = selected(block, {i}, atoms);
        rmsd[first + i] = superpose(reduced.coordinates.data(), state, atoms.size()).rmsd;
        if (k > 1) {
          const Ensemble next = selected(block, {i / k * k + (i + 1) % k}, atoms);
          between[first + i] = superpose(reduced.coordinates.data(), next.coordinates.data(), atoms.size()).rmsd;
        }
        for (size_t d = 0; d < options.distances.size(); ++d) {
          distances[d][first + i] = options.distances[d].of(block.conformation(i));
        }
      }
    });
    const auto begin = std::lower_bound(drawn.members.begin(), drawn.members.end(), first);
    const auto end = std::lower_bound(begin, drawn.members.end(), first + count);
    for (auto row = begin; row != end; ++row) kept.append(selected(block, {*row - first}, atoms).coordinates.data());
    progress.advance(count);
  }
  progress.finish();

  std::vector<int64_t> true_states = sampled(particles, options.n, random);
  for (int64_t& row : true_states) row = truth.state_of[size_t(row)];
  const Draw expected = make_draw(true_states);
  std::vector<int> all(atoms.size());
  std::iota(all.begin(), all.end(), 0);
  const AssignedMean emd = assigned_mean_with_error(rmsd_matrix(kept, selected(states, expected.members, all)), drawn.index, expected.index);
  result.emd_rmsd = emd.mean;
  result.emd_rmsd_error = emd.error;

  std::vector<double> of_particle(particles, 0.0);
  for (int64_t i = 0; i < structures.size(); ++i) of_particle[i / k] += rmsd[i] / static_cast<double>(k);
  result.rmsd_mean = mean(of_particle);
  result.rmsd_median = median(of_particle);
  if (k > 1) {
    std::vector<double> spread(particles, 0.0);
    for (int64_t i = 0; i < structures.size(); ++i) spread[i / k] += between[i] / static_cast<double>(k);
    result.uncertainty = check_uncertainty(spread, of_particle);
  }

  for (size_t d = 0; d < options.distances.size(); ++d) {
    const std::vector<double> of_state = distances_of(options.distances[d], *truth.states);
    std::vector<double> true_distance(particles);
    for (int64_t i = 0; i < particles; ++i) true_distance[i] = of_state[truth.state_of[i]];
    result.distances.push_back(correlate(options.distances[d].name, distances[d], k, true_distance));
    if (options.latents.defined()) result.distances.back().latents_r = latent_readout_r(options.latents, truth.state_of, true_distance);
  }
  if (k > 1 && !result.distances.empty()) {
    for (size_t level = 0; level < std::size(kCalibrationLevels); ++level) {
      std::vector<double> of_distance;
      for (const DistanceCorrelation& distance : result.distances)
        of_distance.push_back(distance.coverage[level]);
      result.coverage.push_back(mean(of_distance));
    }
  }
  result.has_poses = !poses.empty() && !truth.poses.empty();
  if (result.has_poses) {
    if (static_cast<int64_t>(truth.poses.size()) != particles) {
      fail("the truth has {} poses for {} particles", truth.poses.size(), particles);
    }
    result.poses = pose_errors(poses, truth.poses);
  }
  return result;
}

}  // namespace cryomer
