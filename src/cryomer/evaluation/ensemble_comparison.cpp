#include "cryomer/evaluation/ensemble_comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "cryomer/base/error.h"
#include "cryomer/evaluation/conformations.h"
#include "cryomer/evaluation/correlation.h"
#include "cryomer/evaluation/fluctuations.h"
#include "cryomer/evaluation/marginal.h"
#include "cryomer/evaluation/mode_occupancy.h"

namespace cryomer {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr int kSplits = 40;  // of the truth, for what chance makes of a distance's distribution

// Fills in what two random halves of the truth differ by, scaled to the sizes that are compared: both distances shrink with
// the root of 1/n + 1/m.
void judge_chance(const Marginal& truth, int64_t ensemble_size, Random random, DistanceComparison& result) {
  const auto size = static_cast<int64_t>(truth.values.size());
  result.wasserstein_floor = result.ks_floor = kNone;
  if (size < 4) return;
  double squares = 0;  // 1 / effective number
  for (const double w : truth.weights) squares += w * w;
  const double scale = std::sqrt((1 / double(ensemble_size) + squares) / (4 * squares));
  std::vector<double> wasserstein, ks;
  for (int split = 0; split < kSplits; ++split) {
    Marginal half[2];
    const std::vector<int64_t> order = random.substream(uint64_t(split)).permutation(size);
    for (int64_t k = 0; k < size; ++k) {
      if (truth.weights[order[k]] == 0) continue;
      half[k % 2].values.push_back(truth.values[order[k]]);
      half[k % 2].weights.push_back(truth.weights[order[k]]);
    }
    if (half[0].values.empty() || half[1].values.empty()) return;
    wasserstein.push_back(scale * wasserstein_distance(half[0], half[1]));
    ks.push_back(std::min(1.0, scale * ks_statistic(half[0], half[1])));
  }
  const auto high = [](std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    return values[size_t(0.95 * double(values.size())) - 1];
  };
  result.wasserstein_floor = high(wasserstein);
  result.ks_floor = high(ks);
}

FluctuationComparison compare_fluctuations(const Structure& base, const std::vector<int>& cas, const Ensemble& ensemble,
                                           const Ensemble& truth, const std::vector<double>& weights) {
  FluctuationComparison result;
  for (const int atom : cas) result.residues.push_back(residue_label(base.residues[base.atoms[atom].residue]));
  result.rmsf = fluctuations(ensemble).rmsf;
  result.truth_rmsf = fluctuations(truth, weights).rmsf;
  double square = 0, truth_square = 0, difference = 0;
  for (size_t a = 0; a < cas.size(); ++a) {
    square += result.rmsf[a] * result.rmsf[a];
    truth_square += result.truth_rmsf[a] * result.truth_rmsf[a];
    difference += (result.rmsf[a] - result.truth_rmsf[a]) * (result.rmsf[a] - result.truth_rmsf[a]);
  }
  result.pearson_r = pearson_r(result.rmsf, result.truth_rmsf);
  result.ratio = truth_square > 1e-12 * double(cas.size()) ? std::sqrt(square / truth_square) : kNone;
  result.rms_difference = std::sqrt(difference / double(cas.size()));
  return result;
}

}  // namespace

EnsembleComparison compare_ensembles(const Structure& base, const Ensemble& ensemble, const Ensemble& truth,
                                     const EnsembleComparisonOptions& options) {
  require_usable(ensemble, "ensemble");
  require_usable(truth, "truth");
  for (const Ensemble* side : {&ensemble, &truth}) {
    if (side->atom_count == base.atom_count()) continue;
    fail("the {} has {} atoms and {} {}, expected the same", side == &truth ? "truth" : "ensemble",
         side->atom_count, base.source, base.atom_count());
  }
  std::vector<double> weights;
  if (!options.truth_weights.empty())
    weights = normalised_weights(options.truth_weights, truth.size(), "truth");
  // Before the long part, so that wrong cuts are known at once.
  std::vector<std::string> labels;
  if (!options.cuts.empty()) labels = mode_labels(options.distances, options.cuts);

  EnsembleComparison result;
  result.ensemble_size = ensemble.size();
  result.truth_size = truth.size();
  result.atoms = options.atoms;
  const std::vector<float> base_coordinates = base.coordinates();
  result.emd =
      emd_rmsd(ensemble, truth, base_coordinates.data(), atoms_of(base, options.atoms), weights, options.emd);

  const std::vector<double> shares = normalised_weights(weights, truth.size(), "truth");
  std::vector<std::vector<double>> values, true_values;
  for (const PairDistance& pair : options.distances) {
    values.push_back(distances_of(pair, ensemble));
    true_values.push_back(distances_of(pair, truth));
    const Marginal marginal{values.back(), {}}, true_marginal{true_values.back(), shares};
    const Moments of = moments(marginal), of_truth = moments(true_marginal);
    DistanceComparison distance;
    distance.name = pair.name;
    distance.mean = of.mean;
    distance.standard_deviation = of.standard_deviation;
    distance.truth_mean = of_truth.mean;
    distance.truth_standard_deviation = of_truth.standard_deviation;
    distance.wasserstein = wasserstein_distance(marginal, true_marginal);
    distance.ks = ks_statistic(marginal, true_marginal);
    Marginal moved = marginal;
    for (double& value : moved.values) value += of_truth.mean - of.mean;
    distance.shape_wasserstein = wasserstein_distance(moved, true_marginal);
    judge_chance(true_marginal, ensemble.size(), Random(options.emd.seed, 0xd157).substream(result.distances.size()), distance);
    result.distances.push_back(distance);
  }
  if (!options.cuts.empty()) {
    const std::vector<double> fractions = mode_occupancy(values, options.cuts, {});
    const std::vector<double> true_fractions = mode_occupancy(true_values, options.cuts, weights);
    for (size_t cell = 0; cell < labels.size(); ++cell) {
      result.groups.push_back({labels[cell], fractions[cell], true_fractions[cell]});
    }
  }

  Ensemble base_alone;
  base_alone.atom_count = base.atom_count();
  base_alone.coordinates = base_coordinates;
  result.geometry = stereochemistry(base, ensemble);
  result.truth_geometry = stereochemistry(base, truth, weights);
  result.base_geometry = stereochemistry(base, base_alone);

  const std::vector<int> cas = atoms_of(base, AtomSet::ca);
  if (cas.size() < 4) {
    result.fluctuations.pearson_r = result.fluctuations.ratio = result.fluctuations.rms_difference = kNone;
    result.mirror = result.truth_mirror = {kNone, kNone};
    return result;
  }
  const auto cas_of = [&](const Ensemble& set) {
    std::vector<int64_t> all(set.size());
    std::iota(all.begin(), all.end(), 0);
    return selected(set, all, cas);
  };
  const Ensemble ca_ensemble = cas_of(ensemble), ca_truth = cas_of(truth);
  result.fluctuations = compare_fluctuations(base, cas, ca_ensemble, ca_truth, weights);
  result.motions = principal_motions(ca_ensemble, ca_truth, weights);
  result.mirror = check_mirror_image(ca_ensemble, ca_truth);
  result.truth_mirror = check_mirror_image(ca_truth, cas_of(base_alone));
  return result;
}

}  // namespace cryomer
