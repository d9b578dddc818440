#include "cryomer/evaluation/mode_occupancy.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/error.h"

namespace cryomer {

namespace {

constexpr size_t kMostCuts = 10;

void check_cuts(size_t distances, const std::vector<double>& cuts) {
  if (cuts.size() != distances) {
    fail("{} cut{} for {} distance{}, expected one cut for each distance, in the same order", cuts.size(),
         cuts.size() == 1 ? "" : "s", distances, distances == 1 ? "" : "s");
  }
  if (cuts.size() > kMostCuts) {
    fail("{} cuts make 2^{} groups, expected at most {} cuts", cuts.size(), cuts.size(), kMostCuts);
  }
  for (const double cut : cuts) {
    if (!std::isfinite(cut)) fail("the cut {} is not a finite number", cut);
  }
}

}  // namespace

std::vector<double> mode_occupancy(const std::vector<std::vector<double>>& values,
                                   const std::vector<double>& cuts, const std::vector<double>& weights) {
  check_cuts(values.size(), cuts);
  std::vector<double> fractions(size_t{1} << cuts.size(), 0.0);
  const size_t size = values.empty() ? 0 : values[0].size();
  double total = 0;
  for (size_t i = 0; i < size; ++i) {
    size_t cell = 0;
    for (size_t d = 0; d < cuts.size(); ++d) cell = 2 * cell + (values[d][i] < cuts[d] ? 0 : 1);
    const double weight = weights.empty() ? 1.0 : weights[i];
    fractions[cell] += weight;
    total += weight;
  }
  for (double& fraction : fractions) fraction /= total;
  return fractions;
}

std::vector<std::string> mode_labels(const std::vector<PairDistance>& pairs,
                                     const std::vector<double>& cuts) {
  check_cuts(pairs.size(), cuts);
  std::vector<std::string> labels(size_t{1} << cuts.size());
  for (size_t cell = 0; cell < labels.size(); ++cell) {
    for (size_t d = 0; d < cuts.size(); ++d) {
      std::string name = pairs[d].name;
      std::replace(name.begin(), name.end(), ':', '-');
      const bool above = cell >> (cuts.size() - 1 - d) & 1;
      labels[cell] += formatted("{}{}{}{:g}", d == 0 ? "" : ",", name, above ? '>' : '<', cuts[d]);
    }
  }
  return labels;
}

}  // namespace cryomer
