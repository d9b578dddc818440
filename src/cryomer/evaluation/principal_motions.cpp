#include "cryomer/evaluation/principal_motions.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cryomer/base/error.h"
#include "cryomer/base/random.h"
#include "cryomer/evaluation/conformations.h"
#include "cryomer/evaluation/fluctuations.h"
#include "cryomer/evaluation/marginal.h"
#include "cryomer/geometry/superpose.h"
#include "cryomer/geometry/symmetric_eigen.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {

namespace {

constexpr double kVarianceHeld = 0.9;
constexpr int64_t kMostConformations = 10000;  // of each side

// At most so many of those that have weight, evenly spread.
std::vector<int64_t> thinned(const std::vector<double>& weights) {
  std::vector<int64_t> present, chosen;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] > 0) present.push_back(int64_t(i));
  }
  const auto count = int64_t(present.size()), kept = std::min(count, kMostConformations);
  for (int64_t k = 0; k < kept; ++k) chosen.push_back(present[k * count / kept]);
  return chosen;
}

Tensor matrix_of(const Ensemble& ensemble) {
  return at::from_blob(const_cast<float*>(ensemble.coordinates.data()), {ensemble.size(), 3 * ensemble.atom_count}, at::kFloat)
      .to(at::kDouble);
}

// Orthonormal rows that span the rows of `vectors`; what is linearly dependent goes.
Tensor orthonormal(const Tensor& vectors) {
  const Tensor gram = at::mm(vectors, vectors.t()).contiguous();
  const auto n = static_cast<int>(gram.size(0));
  const SymmetricEigen eigen = symmetric_eigen({gram.data_ptr<double>(), gram.data_ptr<double>() + gram.numel()}, n);
  std::vector<double> combined;
  int64_t kept = 0;
  for (int k = n - 1; k >= 0 && eigen.values[k] > 1e-14 * eigen.values[n - 1] && eigen.values[k] > 0; --k, ++kept) {
    for (int i = 0; i < n; ++i) combined.push_back(eigen.vectors[k * n + i] / std::sqrt(eigen.values[k]));
  }
  return at::mm(tensor_from(combined).reshape({kept, n}), vectors);
}

// Orthonormal directions of largest variance, [up to `count`, d], of centred rows with shares, by subspace iteration: a few
// products with the rows instead of an eigenproblem of all dimensions.
Tensor leading_directions(const Tensor& centred, const Tensor& shares, int64_t count) {
  constexpr int64_t kSpare = 8;
  constexpr int kMostRounds = 100;
  const Tensor rows = centred * shares.sqrt().unsqueeze(1);
  const int64_t wanted = std::min({count + kSpare, rows.size(0), rows.size(1)});
  std::vector<float> start(wanted * rows.size(1));
  Random(0, 0x9ca).fill_normal(start.data(), start.size());
  Tensor directions = orthonormal(tensor_from(start, {wanted, rows.size(1)}).to(at::kDouble));
  std::vector<double> last(count, 0.0);
  for (int round = 0; round < kMostRounds; ++round) {
    const Tensor along = at::mm(rows, directions.t()).contiguous();  // [rows, k]
    const Tensor covariance = at::mm(along.t(), along).contiguous();
    const auto n = static_cast<int>(covariance.size(0));
    const SymmetricEigen ritz =
        symmetric_eigen({covariance.data_ptr<double>(), covariance.data_ptr<double>() + covariance.numel()}, n);
    std::vector<double> turned;
    for (int k = n - 1; k >= 0; --k) turned.insert(turned.end(), ritz.vectors.begin() + k * n, ritz.vectors.begin() + (k + 1) * n);
    const Tensor turn = tensor_from(turned).reshape({n, n});
    double change = 0;
    for (int64_t k = 0; k < std::min<int64_t>(count, n); ++k) {
      change = std::max(change, std::abs(ritz.values[n - 1 - k] - last[k]));
      last[k] = ritz.values[n - 1 - k];
    }
    if (change <= 1e-9 * last[0] || round + 1 == kMostRounds) return at::mm(turn, directions).slice(0, 0, count);
    directions = orthonormal(at::mm(at::mm(turn, along.t()), rows));
    if (directions.size(0) == 0) break;
  }
  return directions.slice(0, 0, count);
}

double root_mean_square(const Tensor& centred, const Tensor& shares, int64_t atoms) {
  return std::sqrt((centred.square().sum(1) * shares).sum().item<double>() / double(atoms));
}

}  // namespace

PrincipalMotions principal_motions(const Ensemble& ensemble, const Ensemble& truth, const std::vector<double>& truth_weights,
                                   int64_t most) {
  require_usable(ensemble, "ensemble");
  require_usable(truth, "truth");
  if (ensemble.atom_count != truth.atom_count) {
    fail("principal motions: the ensemble has {} atoms and the truth {}, expected the same", ensemble.atom_count, truth.atom_count);
  }
  const int64_t atoms = truth.atom_count;
  std::vector<double> weights = normalised_weights(truth_weights, truth.size(), "truth");
  if (ensemble.size() > kMostConformations || truth.size() > kMostConformations) {
    const std::vector<int64_t> of_ensemble = thinned(std::vector<double>(ensemble.size(), 1.0)), of_truth = thinned(weights);
    std::vector<int> all(atoms);
    std::iota(all.begin(), all.end(), 0);
    std::vector<double> kept;
    for (const int64_t i : of_truth) kept.push_back(weights[i]);
    return principal_motions(selected(ensemble, of_ensemble, all), selected(truth, of_truth, all), kept, most);
  }
  const Tensor shares = tensor_from(weights);
  const Tensor true_rows = matrix_of(fluctuations(truth, weights).superposed);
  const Tensor mean = (true_rows * shares.unsqueeze(1)).sum(0);
  const Tensor target = mean.to(at::kFloat).contiguous();
  Ensemble moved = ensemble;
  parallel_for(moved.size(), 16, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      float* const x = moved.conformation(i);
      const RigidTransform onto = superpose(x, target.data_ptr<float>(), size_t(atoms)).transform;
      for (int64_t a = 0; a < 3 * atoms; a += 3) {
        const Vec3 p = onto.apply({x[a], x[a + 1], x[a + 2]});
        for (int k = 0; k < 3; ++k) x[a + k] = static_cast<float>(p[k]);
      }
    }
  });
  const Tensor rows = matrix_of(moved), own_mean = rows.mean(0);
  const Tensor own_shares = at::full({rows.size(0)}, 1.0 / double(rows.size(0)), at::kDouble);
  const Tensor true_centred = true_rows - mean, own_centred = rows - own_mean;

  PrincipalMotions result;
  result.truth_deviation = root_mean_square(true_centred, shares, atoms);
  result.deviation = root_mean_square(own_centred, own_shares, atoms);
  result.offset = std::sqrt((own_mean - mean).square().sum().item<double>() / double(atoms));
  result.offsets = to_doubles((own_mean - mean).reshape({atoms, 3}).square().sum(1).sqrt());
  if (result.truth_deviation < 1e-6) return result;
  result.truth_weights = weights;
  Tensor directions = leading_directions(true_centred, shares, most);
  const double scale = 1 / std::sqrt(double(atoms));
  const Tensor true_along = at::mm(true_centred, directions.t()) * scale;
  const Tensor true_variance = (true_along.square() * shares.unsqueeze(1)).sum(0);
  const double total = result.truth_deviation * result.truth_deviation;
  int64_t count = 0;
  for (double held = 0; count < directions.size(0) && held < kVarianceHeld; ++count)
    held += true_variance[count].item<double>() / total;
  directions = directions.slice(0, 0, count);
  const Tensor along = at::mm(rows - mean, directions.t()) * scale;
  Tensor overlap = at::zeros({count}, at::kDouble);
  if (result.deviation > 1e-6) {
    const Tensor own = leading_directions(own_centred, own_shares, std::max<int64_t>(count, 1));
    overlap = at::mm(directions, own.t()).square().sum(1);
  }
  result.subspace_overlap = std::sqrt(overlap.mean().item<double>());
  for (int64_t k = 0; k < count; ++k) {
    PrincipalMotion motion;
    motion.truth_values = to_doubles(true_along.select(1, k));
    motion.values = to_doubles(along.select(1, k));
    const Marginal of_truth{motion.truth_values, weights}, of_ensemble{motion.values, {}};
    const Moments m = moments(of_ensemble);
    motion.truth_deviation = std::sqrt(true_variance[k].item<double>());
    motion.deviation = m.standard_deviation;
    motion.offset = m.mean;
    motion.share = true_variance[k].item<double>() / total;
    motion.recovered = m.standard_deviation * m.standard_deviation / true_variance[k].item<double>();
    motion.overlap = std::sqrt(overlap[k].item<double>());
    motion.wasserstein = wasserstein_distance(of_ensemble, of_truth);
    motion.ks = ks_statistic(of_ensemble, of_truth);
    result.motions.push_back(std::move(motion));
  }
  return result;
}

}  // namespace cryomer
