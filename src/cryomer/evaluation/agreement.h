// Two ensembles of equal standing, neither of them the truth: what two models trained on halves of the particles agree on, or
// what a model's distribution and the conformations of its particles have in common.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "cryomer/evaluation/emd_rmsd.h"
#include "cryomer/evaluation/findings.h"
#include "cryomer/evaluation/pair_distance.h"
#include "cryomer/evaluation/principal_motions.h"
#include "cryomer/structure/ensemble.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

struct AgreementOptions {
  EmdRmsdOptions emd;
  AtomSet atoms = AtomSet::heavy;  // of EMD-RMSD
  std::vector<PairDistance> distances;
  std::vector<double> cuts;  // A, one per distance, or none
};

struct DistanceAgreement {
  std::string name;
  std::array<double, 2> mean{}, standard_deviation{};  // A
  // Of the mean of both: half the difference, which is the standard error that two independent halves give.
  double mean_error = 0, deviation_error = 0;  // A
  double wasserstein = 0, ks = 0;              // A
  // A, of both distributions on common bins; the share of each bin in the first and in the second.
  std::vector<double> centres;
  std::array<std::vector<double>, 2> shares;
  double cut = 0;                     // A; NaN without
  std::array<double, 2> below_cut{};  // fractions; NaN without
};

struct Agreement {
  std::array<std::string, 2> names;  // of the sides, for people
  std::array<int64_t, 2> sizes{};
  AtomSet atoms = AtomSet::heavy;
  EmdRmsd emd;  // the first against the second, whose two draws are the floor
  std::vector<DistanceAgreement> distances;
  // Over CAs, both sets superposed on the mean of both.
  std::vector<std::string> residues;
  std::array<std::vector<double>, 2> rmsf;  // A
  // A: how far apart the residue's two distributions of positions are, |m1 - m2|^2 + tr(C1 + C2 - 2 (C1^1/2 C2 C1^1/2)^1/2) under
  // the root: their Wasserstein-2 distance if they were normal, and a lower bound of it in any case (Gelbrich 1990).
  std::vector<double> disagreement;
  double median_disagreement = 0;  // A
  double resolved = 0;             // share of the residues whose disagreement is below half their fluctuation
  double rmsf_r = 0;               // correlation of the two RMSF
  PrincipalMotions motions;        // of the first along the directions of the second
};

// Atoms of all are in the order of `base`.
Agreement compare_sides(const Structure& base, const Ensemble& first, const Ensemble& second, const AgreementOptions& options);

std::string agreement_table(const Agreement& agreement);
std::vector<Finding> findings(const Agreement& agreement);

}  // namespace cryomer
