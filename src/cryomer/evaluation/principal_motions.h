// The principal components of the truth's motion, and how much of each an ensemble recovers.
#pragma once

#include <cstdint>
#include <vector>

#include "cryomer/structure/ensemble.h"

namespace cryomer {

// One direction of the truth, of unit length over all atoms; coordinates along it are divided by the root of the
// number of atoms, so that they are RMSDs.
struct PrincipalMotion {
  double share = 0;                           // of the truth's variance
  double truth_deviation = 0, deviation = 0;  // A, standard deviations along it
  double offset = 0;                          // A, mean of the ensemble minus mean of the truth
  double recovered = 0;                       // variance of the ensemble along it over that of the truth
  double overlap = 0;                         // length of its projection onto the ensemble's own leading directions, 0 to 1
  double wasserstein = 0;                     // A, between the distributions along it
  double ks = 0;
  std::vector<double> truth_values, values;  // A, of all conformations, about the truth's mean
};

struct PrincipalMotions {
  std::vector<PrincipalMotion> motions;       // leading first
  std::vector<double> truth_weights;          // of truth_values; sum to one
  double truth_deviation = 0, deviation = 0;  // A RMSD about the own mean, over all directions
  double offset = 0;                          // A, RMSD between the two means
  std::vector<double> offsets;                // A, of each atom: how far its mean position is from that in the truth
  double subspace_overlap = 0;                // root mean square inner product of the two sets of directions (RMSIP)
};

// Both hold the same atoms (CAs, say) in the same order; everything is superposed on the truth's mean. As many directions as
// hold 90 % of the truth's variance, at most `most`; none when the truth does not vary. From
// at most 10,000 conformations of each side, evenly spread.
PrincipalMotions principal_motions(const Ensemble& ensemble, const Ensemble& truth, const std::vector<double>& truth_weights = {},
                                   int64_t most = 5);

}  // namespace cryomer
