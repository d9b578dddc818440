// An ensemble against the true one: EMD-RMSD with its scale, distributions of chosen distances, occupancies
// of groups, fluctuations of residues, principal motions, the hand, and whether the conformations look like a
// protein. Knows nothing of what made either.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cryomer/evaluation/emd_rmsd.h"
#include "cryomer/evaluation/mirror_image.h"
#include "cryomer/evaluation/pair_distance.h"
#include "cryomer/evaluation/principal_motions.h"
#include "cryomer/evaluation/stereochemistry.h"
#include "cryomer/structure/ensemble.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

struct EnsembleComparisonOptions {
  EmdRmsdOptions emd;
  AtomSet atoms = AtomSet::heavy;  // of EMD-RMSD
  std::vector<PairDistance> distances;
  std::vector<double> cuts;           // A, one per distance, or none: no groups
  std::vector<double> truth_weights;  // one per true conformation, or none: equal
};

// Over all conformations of both sides, not only the n drawn for EMD-RMSD; the truth's with their weights.
struct DistanceComparison {
  std::string name;
  double mean = 0, standard_deviation = 0;              // A
  double truth_mean = 0, truth_standard_deviation = 0;  // A
  double wasserstein = 0;                               // A
  double ks = 0;
  // What chance alone makes of two draws of the truth of these sizes, at most in 95 of 100 cases; NaN with fewer than four
  // true conformations.
  double wasserstein_floor = 0;  // A
  double ks_floor = 0;
  double shape_wasserstein = 0;  // A, after both means are moved to zero
};

struct ModeGroup {
  std::string label;
  double fraction = 0, truth_fraction = 0;
};

// CAs, each set superposed on its own mean.
struct FluctuationComparison {
  std::vector<std::string> residues;     // "A/284"
  std::vector<double> rmsf, truth_rmsf;  // A
  double pearson_r = 0;                  // NaN when either does not vary
  double ratio = 0;                      // root mean square of one over that of the other; NaN when the truth stands still
  double rms_difference = 0;             // A
};

struct EnsembleComparison {
  int64_t ensemble_size = 0, truth_size = 0;
  AtomSet atoms = AtomSet::heavy;
  EmdRmsd emd;
  std::vector<DistanceComparison> distances;
  std::vector<ModeGroup> groups;
  // Of the ensemble, and as its scale the same of the truth and of the base structure alone.
  Stereochemistry geometry, truth_geometry, base_geometry;
  FluctuationComparison fluctuations;  // these four over CAs; empty and NaN for a structure without
  PrincipalMotions motions;
  MirrorCheck mirror, truth_mirror;  // of the ensemble against the truth, and of the truth against the base
};

// Atoms of all three are in the order of `base`.
EnsembleComparison compare_ensembles(const Structure& base, const Ensemble& ensemble, const Ensemble& truth,
                                     const EnsembleComparisonOptions& options);

}  // namespace cryomer
