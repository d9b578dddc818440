#include "cryomer/evaluation/emd_rmsd.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "cryomer/base/error.h"
#include "cryomer/base/random.h"
#include "cryomer/evaluation/assignment.h"
#include "cryomer/evaluation/conformations.h"

namespace cryomer {

namespace {

// One stream for each draw, so that none depends on how many numbers another took.
enum Stream : uint64_t { kEnsembleDraw, kTruthDraw, kFloorSplit, kFloorFirst, kFloorSecond, kMatched };

constexpr double kNear = 0.95;  // share of one draw of the truth that counts as near to another

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

// Variance of the mean price over a draw.
double variance_of_mean(const std::vector<double>& prices, const std::vector<int64_t>& index, int64_t members) {
  const auto n = static_cast<double>(index.size());
  double mean = 0;
  for (const double price : prices) mean += price / n;
  std::vector<double> deviation(members, 0.0);
  std::vector<char> drawn(members, 0);
  for (size_t k = 0; k < index.size(); ++k) {
    deviation[index[k]] += prices[k] - mean;
    drawn[index[k]] = 1;
  }
  double sum = 0, count = 0;
  for (int64_t m = 0; m < members; ++m) {
    sum += deviation[m] * deviation[m];
    count += drawn[m];
  }
  return count > 1 ? sum / (n * n) * count / (count - 1) : 0;
}

std::vector<int64_t> at_places(const std::vector<int64_t>& values, const std::vector<int64_t>& places, int64_t count) {
  std::vector<int64_t> chosen;
  for (int64_t k = 0; k < count; ++k) chosen.push_back(values[places[k]]);
  return chosen;
}

// For each of the rows (columns, when `transposed`) drawn, the RMSD of the nearest of the others drawn.
std::vector<double> nearest(const RmsdMatrix& members, const std::vector<int64_t>& of, const std::vector<int64_t>& among,
                            bool transposed) {
  std::vector<double> result;
  for (const int64_t i : of) {
    float least = std::numeric_limits<float>::infinity();
    for (const int64_t j : among) least = std::min(least, transposed ? members.at(j, i) : members.at(i, j));
    result.push_back(least);
  }
  return result;
}

double share_within(const std::vector<double>& values, double radius) {
  double count = 0;
  for (const double value : values) count += value <= radius;
  return count / static_cast<double>(values.size());
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

AssignedMean assigned_mean_with_error(const RmsdMatrix& members, const std::vector<int64_t>& row_index,
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
  const Assignment assignment = solve_assignment(costs.data(), n);
  return {assignment.cost / static_cast<double>(n),
          std::sqrt(variance_of_mean(assignment.row_price, row_index, members.rows) +
                    variance_of_mean(assignment.column_price, column_index, members.columns))};
}

double assigned_mean(const RmsdMatrix& members, const std::vector<int64_t>& row_index, const std::vector<int64_t>& column_index) {
  return assigned_mean_with_error(members, row_index, column_index).mean;
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
  // Equal numbers on both sides of value and floor, at random, since a trajectory is in the order of time.
  const int64_t matched = result.floor_n;
  const Random chooser = random.substream(kMatched);
  const std::vector<int64_t> rows = at_places(ensemble_draw.index, chooser.substream(0).permutation(options.n), matched);
  const std::vector<int64_t> columns = at_places(truth_draw.index, chooser.substream(1).permutation(options.n), matched);
  // The assignments are serial, so they share the cores.
  AssignedMean all, between, equal;
  at::parallel_for(0, 3, 1, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      if (k == 0) all = assigned_mean_with_error(to_truth, ensemble_draw.index, truth_draw.index);
      if (k == 1 && matched > 0) between = assigned_mean_with_error(between_halves, half[0].index, half[1].index);
      if (k == 2 && matched > 0 && matched < options.n) equal = assigned_mean_with_error(to_truth, rows, columns);
    }
  });
  if (matched == options.n) equal = all;
  result.value = all.mean;
  result.error = all.error;
  if (matched == 0) {
    result.floor = result.floor_error = result.value_at_floor_n = result.error_at_floor_n = result.coverage = result.precision =
        result.radius = std::numeric_limits<double>::quiet_NaN();
    return result;
  }
  result.floor = between.mean;
  result.floor_error = between.error;
  result.value_at_floor_n = equal.mean;
  result.error_at_floor_n = equal.error;
  std::vector<double> within_truth = nearest(between_halves, half[0].index, half[1].index, false);
  for (const double value : nearest(between_halves, half[1].index, half[0].index, true)) within_truth.push_back(value);
  const auto place = within_truth.begin() + static_cast<int64_t>(std::ceil(kNear * double(within_truth.size()))) - 1;
  std::nth_element(within_truth.begin(), place, within_truth.end());
  result.radius = *place;
  result.coverage = share_within(nearest(to_truth, columns, rows, true), result.radius);
  result.precision = share_within(nearest(to_truth, rows, columns, false), result.radius);
  return result;
}

}  // namespace cryomer
