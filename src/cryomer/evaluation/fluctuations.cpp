#include "cryomer/evaluation/fluctuations.h"

#include <cmath>

#include "cryomer/evaluation/conformations.h"
#include "cryomer/geometry/superpose.h"

namespace cryomer {

Fluctuations fluctuations(const Ensemble& ensemble, const std::vector<double>& weights) {
  require_usable(ensemble, "the ensemble");
  constexpr int kMostRounds = 20;
  constexpr double kStill = 1e-4;  // A RMSD between rounds
  const std::vector<double> share = normalised_weights(weights, ensemble.size(), "the ensemble");
  const auto atoms = static_cast<size_t>(ensemble.atom_count);
  Fluctuations result;
  result.superposed = ensemble;
  std::vector<float> mean(ensemble.conformation(0), ensemble.conformation(0) + 3 * atoms);
  for (int round = 0; round < kMostRounds; ++round) {
    std::vector<double> sum(3 * atoms, 0.0);
    for (int64_t i = 0; i < ensemble.size(); ++i) {
      float* const x = result.superposed.conformation(i);
      const RigidTransform onto_mean = superpose(x, mean.data(), atoms).transform;
      for (size_t a = 0; a < 3 * atoms; a += 3) {
        const Vec3 moved = onto_mean.apply({x[a], x[a + 1], x[a + 2]});
        for (int k = 0; k < 3; ++k) {
          x[a + k] = static_cast<float>(moved[k]);
          sum[a + k] += share[i] * moved[k];
        }
      }
    }
    double change = 0;
    for (size_t k = 0; k < 3 * atoms; ++k) {
      change += (sum[k] - mean[k]) * (sum[k] - mean[k]);
      mean[k] = static_cast<float>(sum[k]);
    }
    if (std::sqrt(change / double(atoms)) < kStill) break;
  }
  result.rmsf.assign(atoms, 0.0);
  for (int64_t i = 0; i < ensemble.size(); ++i) {
    const float* const x = result.superposed.conformation(i);
    for (size_t k = 0; k < 3 * atoms; ++k) {
      result.rmsf[k / 3] += share[i] * (x[k] - mean[k]) * (x[k] - mean[k]);
    }
  }
  for (double& value : result.rmsf) value = std::sqrt(value);
  return result;
}

}  // namespace cryomer
