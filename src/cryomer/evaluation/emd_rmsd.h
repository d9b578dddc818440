// EMD-RMSD: how far apart two ensembles are (Rosenbaum et al. 2021, section 4). n conformations of each side,
// RMSD after superposition for all pairs, the one-to-one assignment with the least mean: an estimate of the
// Wasserstein-1 distance.
//
// A finite draw is not at distance zero from the distribution it came from, so the figure is only meaningful
// between its floor (two disjoint draws of the truth) and its baseline (the base structure repeated, so
// nothing to assign).
//
// The standard error follows from the optimal prices u, v of the assignment (Kantorovich potentials): the
// empirical transport cost fluctuates about its expectation at this n like the mean of u over one draw plus the
// mean of v over the other (del Barrio and Loubes 2019), so its variance is the sum of theirs. This is what a
// bootstrap that resamples both draws at fixed prices converges to. Resampling conformations and assigning
// anew would be biased upwards, since repeated members have to be matched far away, and resampling matched
// pairs would ignore that the partners were drawn, too. Where both draws are of one distribution the prices are
// hardly determined, and the error is too large rather than too small. Conformations count as independent draws: frames of
// one simulation that follow each other are not, and their true error is larger.
#pragma once

#include <cstdint>
#include <vector>

#include "cryomer/evaluation/rmsd_matrix.h"
#include "cryomer/structure/ensemble.h"

namespace cryomer {

struct EmdRmsdOptions {
  int64_t n = 2048;  // conformations on each side
  uint64_t seed = 0;
};

struct EmdRmsd {
  int64_t n = 0;
  double value = 0;  // A
  // Two disjoint draws of floor_n = min(n, half of the truth) each, so comparable with `value` only where
  // floor_n is n. With fewer than two conformations of the truth there is none: NaN and 0.
  double floor = 0;  // A
  int64_t floor_n = 0;
  double baseline = 0;  // A
  double error = 0, floor_error = 0;  // A, standard errors of value and floor
  // The ensemble against the truth with floor_n of each, the figure to compare with the floor.
  double value_at_floor_n = 0, error_at_floor_n = 0;  // A
  // Which states there are, whatever their proportions, over the same floor_n conformations of each side: the share
  // of the truth that has a conformation of the ensemble within `radius`, and the share of the ensemble that has a
  // true one. 95 % of one draw of the truth lie that near to another, so 0.95 is a perfect ensemble. NaN without a floor.
  double coverage = 0, precision = 0, radius = 0;  // A
};

// All three over `atoms`. `base` is [atom_count][3] in A; `truth_weights` has one weight per conformation of
// the truth, or none for equal ones. Draws follow `sampled` and `sampled_by_weight`; for the floor under
// weights the truth is split at random in two and each half drawn from by weight, which overstates the floor
// where a few conformations hold most of it.
EmdRmsd emd_rmsd(const Ensemble& ensemble, const Ensemble& truth, const float* base,
                 const std::vector<int>& atoms, const std::vector<double>& truth_weights,
                 const EmdRmsdOptions& options);

// A draw with repetition: which conformations, each once, and draw k as index into them. RMSDs are computed
// between members only, and a resampled draw (a bootstrap) needs no new ones.
struct Draw {
  std::vector<int64_t> members;  // ascending
  std::vector<int64_t> index;    // [n]
};
Draw make_draw(const std::vector<int64_t>& conformations);

// Mean RMSD of the best one-to-one assignment of two draws of equal size; the matrix is between their
// members.
double assigned_mean(const RmsdMatrix& members, const std::vector<int64_t>& row_index,
                     const std::vector<int64_t>& column_index);
// The same with its standard error, see above; a conformation drawn several times is one observation.
struct AssignedMean {
  double mean = 0, error = 0;  // A
};
AssignedMean assigned_mean_with_error(const RmsdMatrix& members, const std::vector<int64_t>& row_index,
                                      const std::vector<int64_t>& column_index);

}  // namespace cryomer
