#include "cryomer/evaluation/ensemble_comparison.h"

#include "cryomer/base/error.h"
#include "cryomer/evaluation/conformations.h"
#include "cryomer/evaluation/marginal.h"
#include "cryomer/evaluation/mode_occupancy.h"

namespace cryomer {

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

  std::vector<std::vector<double>> values, true_values;
  for (const PairDistance& pair : options.distances) {
    values.push_back(distances_of(pair, ensemble));
    true_values.push_back(distances_of(pair, truth));
    const Marginal marginal{values.back(), {}}, true_marginal{true_values.back(), weights};
    const Moments of = moments(marginal), of_truth = moments(true_marginal);
    DistanceComparison distance;
    distance.name = pair.name;
    distance.mean = of.mean;
    distance.standard_deviation = of.standard_deviation;
    distance.truth_mean = of_truth.mean;
    distance.truth_standard_deviation = of_truth.standard_deviation;
    distance.wasserstein = wasserstein_distance(marginal, true_marginal);
    distance.ks = ks_statistic(marginal, true_marginal);
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
  return result;
}

}  // namespace cryomer
