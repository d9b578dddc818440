#include "cryomer/evaluation/emd_rmsd.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "cryomer/base/error.h"
#include "cryomer/base/random.h"
#include "cryomer/evaluation/assignment.h"
#include "cryomer/evaluation/conformations.h"

namespace cryomer {

namespace {

// One stream for each draw, so that none depends on how many numbers another took.
enum Stream : uint64_t { kEnsembleDraw, kTruthDraw, kFloorSplit, kFloorFirst, kFloorSecond };

std::vector<int64_t> draw_of_truth(const std::vector<int64_t>& from, const std::vector<double>& weights,
                                   int64_t n, Random random) {
  std::vector<int64_t> draw;
  if (weights.empty()) {
    draw = sampled(static_cast<int64_t>(from.size()), n, random);
  } else {
    std::vector<double> own;
    for (const int64_t i : from) own.push_back(weights[i]);
    draw = sampled_by_weight(own, n, random);
  }
  for (int64_t& i : draw) i = from[i];
  return draw;
}

}  // namespace

Draw make_draw(const std::vector<int64_t>& conformations) {
  Draw draw;
  draw.members = conformations;
  std::sort(draw.members.begin(), draw.members.end());
  draw.members.erase(std::unique(draw.members.begin(), draw.members.end()), draw.members.end());
  for (const int64_t i : conformations) {
    draw.index.push_back(std::lower_bound(draw.members.begin(), draw.members.end(), i) -
                         draw.members.begin());
  }
  return draw;
}

double assigned_mean(const RmsdMatrix& members, const std::vector<int64_t>& row_index,
                     const std::vector<int64_t>& column_index) {
  if (row_index.size() != column_index.size()) {
    fail("assigned_mean: draws of {} and {} conformations, expected equal sizes", row_index.size(),
         column_index.size());
  }
  const int64_t n = static_cast<int64_t>(row_index.size());
  std::vector<float> costs(n * n);
  for (int64_t i = 0; i < n; ++i) {
    const float* row = &members.values[row_index[i] * members.columns];
    for (int64_t j = 0; j < n; ++j) costs[i * n + j] = row[column_index[j]];
  }
  return solve_assignment(costs.data(), n).cost / static_cast<double>(n);
}

EmdRmsd emd_rmsd(const Ensemble& ensemble, const Ensemble& truth, const float* base,
                 const std::vector<int>& atoms, const std::vector<double>& truth_weights,
                 const EmdRmsdOptions& options) {
  if (options.n < 1) fail("EMD-RMSD over {} conformations, expected at least one", options.n);
  if (atoms.empty()) fail("EMD-RMSD over no atoms: the structure has none of the chosen set");
  require_usable(ensemble, "ensemble");
  require_usable(truth, "truth");
  if (ensemble.atom_count != truth.atom_count) {
    fail("the ensemble has {} atoms and the truth {}, expected the same", ensemble.atom_count,
         truth.atom_count);
  }
  // Equal weights are no weights: a truth of exactly n is then used whole.
  std::vector<double> weights;
  if (!truth_weights.empty()) weights = normalised_weights(truth_weights, truth.size(), "truth");
  if (std::adjacent_find(weights.begin(), weights.end(), std::not_equal_to<>()) == weights.end())
    weights.clear();

  const Random random(options.seed);
  EmdRmsd result;
  result.n = options.n;
  Random ensemble_random = random.substream(kEnsembleDraw);
  const Draw ensemble_draw = make_draw(sampled(ensemble.size(), options.n, ensemble_random));
  std::vector<int64_t> possible;
  for (int64_t i = 0; i < truth.size(); ++i) {
    if (weights.empty() || weights[i] > 0) possible.push_back(i);
  }
  const Draw truth_draw =
      make_draw(draw_of_truth(possible, weights, options.n, random.substream(kTruthDraw)));
  const Ensemble drawn_truth = selected(truth, truth_draw.members, atoms);

  Ensemble base_set;
  base_set.atom_count = truth.atom_count;
  base_set.append(base);
  const RmsdMatrix from_base = rmsd_matrix(selected(base_set, {0}, atoms), drawn_truth);
  for (const int64_t i : truth_draw.index)
    result.baseline += from_base.values[i] / static_cast<double>(options.n);

  const RmsdMatrix to_truth = rmsd_matrix(selected(ensemble, ensemble_draw.members, atoms), drawn_truth);

  Draw half[2];
  RmsdMatrix between_halves;
  result.floor_n = std::min(options.n, static_cast<int64_t>(possible.size()) / 2);
  if (result.floor_n > 0) {
    std::vector<int64_t> shuffled;
    for (const int64_t k : random.substream(kFloorSplit).permutation(static_cast<int64_t>(possible.size()))) {
      shuffled.push_back(possible[k]);
    }
    const auto middle = shuffled.begin() + static_cast<int64_t>(possible.size() / 2);
    half[0] = make_draw(
        draw_of_truth({shuffled.begin(), middle}, weights, result.floor_n, random.substream(kFloorFirst)));
    half[1] = make_draw(
        draw_of_truth({middle, shuffled.end()}, weights, result.floor_n, random.substream(kFloorSecond)));
    between_halves =
        rmsd_matrix(selected(truth, half[0].members, atoms), selected(truth, half[1].members, atoms));
  }
  // The two assignments are serial, so they share the cores.
  at::parallel_for(0, 2, 1, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      if (k == 0) {
        result.value = assigned_mean(to_truth, ensemble_draw.index, truth_draw.index);
      } else {
        result.floor = result.floor_n > 0 ? assigned_mean(between_halves, half[0].index, half[1].index)
                                          : std::numeric_limits<double>::quiet_NaN();
      }
    }
  });
  return result;
}

}  // namespace cryomer
