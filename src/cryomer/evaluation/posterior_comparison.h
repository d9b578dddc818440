// What was inferred about each particle against what it truly was, for simulated data.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "cryomer/evaluation/pair_distance.h"
#include "cryomer/evaluation/pose_errors.h"
#include "cryomer/evaluation/uncertainty.h"
#include "cryomer/io/trajectory.h"
#include "cryomer/structure/ensemble.h"
#include "cryomer/structure/structure.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {

struct PosteriorTruth {
  const Ensemble* states = nullptr;  // all true conformations
  std::vector<int64_t> state_of;     // [particles], index into states, 0-based
  std::vector<Pose> poses;           // [particles], or none
};

struct PosteriorComparisonOptions {
  AtomSet atoms = AtomSet::heavy;  // of the RMSDs
  std::vector<PairDistance> distances;
  Tensor latents;    // [particles, dim], or none
  int64_t n = 2048;  // structures on each side of EMD-RMSD
  uint64_t seed = 0;
};

struct DistanceCorrelation {
  std::string name;
  double pearson_r = 0;          // NaN when either side does not vary
  double rmse = 0;               // A
  double bias = 0;               // A, mean of estimated minus true
  std::vector<double> coverage;  // at kCalibrationLevels; empty without samples
  UncertaintyCheck uncertainty = {};  // A, standard deviation of the samples against the error of their mean; without samples empty
  // What the latents say of it, see latent_readout.h: where that is more than pearson_r, the decoder loses it. NaN without latents.
  double latents_r = std::numeric_limits<double>::quiet_NaN();
};

struct PosteriorComparison {
  int64_t particles = 0;
  int64_t samples_per_particle = 1;
  AtomSet atoms = AtomSet::heavy;
  // RMSD of a particle's structure to its true state after superposition; with several samples their mean.
  double rmsd_mean = 0, rmsd_median = 0;  // A, over particles
  double rmsd_baseline = 0;               // A, the base structure to each particle's true state, mean
  // The particles' structures as an ensemble against their true states, whoever's each is: next to that of an ensemble from the
  // prior it says whether the prior is distributed as the particles are. Standard error.
  double emd_rmsd = 0, emd_rmsd_error = 0;  // A
  std::vector<DistanceCorrelation> distances;
  std::vector<double> coverage;  // at kCalibrationLevels, mean over the distances; empty without samples
  // A: RMSD between samples of one particle against their RMSD to its true state. If the posterior is right the truth is like
  // one more sample, and both are alike. Empty without samples.
  UncertaintyCheck uncertainty;
  bool has_poses = false;
  PoseErrors poses;
};

// `structures` holds one conformation per particle in row order, or the same number K of posterior samples
// for each, those of one particle together. With samples, the estimate of a distance is their mean, and
// coverage is computed. `poses` has one estimated pose per particle, or none; pose errors are given when both
// sides have poses. Reads blocks of structures, so the trajectory need not fit into memory.
PosteriorComparison compare_posterior(const Structure& base, TrajectoryReader& structures,
                                      const std::vector<Pose>& poses, const PosteriorTruth& truth,
                                      const PosteriorComparisonOptions& options);

}  // namespace cryomer
