#include "cryomer/evaluation/latent_space.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "cryomer/base/error.h"
#include "cryomer/base/random.h"

namespace cryomer {

namespace {

int64_t point_count(const std::vector<float>& points, int64_t dimension) {
  if (dimension < 1 || points.empty() || int64_t(points.size()) % dimension != 0) {
    fail("latent space: {} values are not points of {} dimensions", points.size(), dimension);
  }
  return int64_t(points.size()) / dimension;
}

double square_distance(const float* a, const double* b, int64_t dimension) {
  double sum = 0;
  for (int64_t k = 0; k < dimension; ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
  return sum;
}

// Clusters from one set of seeds, and the sum of squared distances to their means.
struct Attempt {
  std::vector<int64_t> of_point;
  std::vector<double> centres;
  double cost = std::numeric_limits<double>::infinity();
};

Attempt attempt(const std::vector<float>& points, int64_t dimension, int64_t clusters, Random random) {
  constexpr int kMostRounds = 100;
  const int64_t n = int64_t(points.size()) / dimension;
  Attempt result;
  std::vector<double> nearest(n, std::numeric_limits<double>::infinity());
  int64_t seed = int64_t(random.below(uint64_t(n)));
  for (int64_t c = 0; c < clusters; ++c) {
    result.centres.insert(result.centres.end(), points.begin() + seed * dimension, points.begin() + (seed + 1) * dimension);
    double total = 0;
    for (int64_t i = 0; i < n; ++i) {
      nearest[i] = std::min(nearest[i], square_distance(&points[i * dimension], &result.centres[c * dimension], dimension));
      total += nearest[i];
    }
    if (!(total > 0)) break;  // no point is left that is not a seed
    double place = random.uniform() * total;
    for (seed = 0; seed + 1 < n && (place -= nearest[seed]) >= 0; ++seed) {
    }
  }
  const int64_t found = int64_t(result.centres.size()) / dimension;
  result.of_point.assign(n, -1);
  for (int round = 0; round < kMostRounds; ++round) {
    bool changed = false;
    result.cost = 0;
    std::vector<double> sums(found * dimension, 0.0);
    std::vector<int64_t> members(found, 0);
    for (int64_t i = 0; i < n; ++i) {
      double least = std::numeric_limits<double>::infinity();
      int64_t chosen = 0;
      for (int64_t c = 0; c < found; ++c) {
        const double square = square_distance(&points[i * dimension], &result.centres[c * dimension], dimension);
        if (square < least) least = square, chosen = c;
      }
      changed |= chosen != result.of_point[i];
      result.of_point[i] = chosen;
      result.cost += least;
      ++members[chosen];
      for (int64_t k = 0; k < dimension; ++k) sums[chosen * dimension + k] += points[i * dimension + k];
    }
    if (!changed) break;
    for (int64_t c = 0; c < found; ++c) {
      for (int64_t k = 0; k < dimension && members[c] > 0; ++k)
        result.centres[c * dimension + k] = sums[c * dimension + k] / double(members[c]);
    }
  }
  return result;
}

}  // namespace

LatentClusters k_means(const std::vector<float>& points, int64_t dimension, int64_t clusters, uint64_t seed) {
  constexpr int kStarts = 5;
  const int64_t n = point_count(points, dimension);
  if (clusters < 1) fail("k-means: {} clusters asked for, expected one or more", clusters);
  Attempt best;
  for (int start = 0; start < kStarts; ++start) {
    Attempt next = attempt(points, dimension, std::min(clusters, n), Random(seed, 0x37ea).substream(uint64_t(start)));
    if (next.cost < best.cost) best = std::move(next);
  }
  const int64_t found = int64_t(best.centres.size()) / dimension;
  std::vector<int64_t> size(found, 0), nearest(found, -1);
  std::vector<double> least(found, std::numeric_limits<double>::infinity());
  for (int64_t i = 0; i < n; ++i) {
    const int64_t c = best.of_point[i];
    ++size[c];
    const double square = square_distance(&points[i * dimension], &best.centres[c * dimension], dimension);
    if (square < least[c]) least[c] = square, nearest[c] = i;
  }
  std::vector<int64_t> order, place(found, -1);
  for (int64_t c = 0; c < found; ++c) {
    if (size[c] > 0) order.push_back(c);
  }
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return size[a] > size[b]; });
  LatentClusters result;
  for (size_t k = 0; k < order.size(); ++k) {
    place[order[k]] = int64_t(k);
    result.size.push_back(size[order[k]]);
    result.representative.push_back(nearest[order[k]]);
  }
  for (const int64_t c : best.of_point) result.of_point.push_back(place[c]);
  return result;
}

DensityGrid density_along(const LatentDirections& directions, int64_t first, int64_t second, const std::vector<float>& means,
                          const std::vector<float>& deviations, int64_t bins) {
  const int64_t dimension = directions.dimension, n = point_count(means, dimension);
  if (deviations.size() != means.size()) fail("density: {} means and {} deviations", means.size(), deviations.size());
  DensityGrid grid;
  grid.bins = bins;
  const int64_t axes[2] = {first, second};
  std::vector<double> centre[2], width[2];
  double low[2], high[2];
  for (int axis = 0; axis < 2; ++axis) {
    centre[axis] = directions.along(axes[axis], means);
    low[axis] = std::numeric_limits<double>::infinity();
    high[axis] = -low[axis];
    for (int64_t i = 0; i < n; ++i) {
      double square = 0;
      for (int64_t d = 0; d < dimension; ++d) {
        const double part = directions.projections[axes[axis] * dimension + d] * deviations[i * dimension + d];
        square += part * part;
      }
      width[axis].push_back(std::max(std::sqrt(square), 1e-9));
      low[axis] = std::min(low[axis], centre[axis][i] - 2 * width[axis][i]);
      high[axis] = std::max(high[axis], centre[axis][i] + 2 * width[axis][i]);
    }
  }
  grid.x_low = low[0], grid.x_high = high[0], grid.y_low = low[1], grid.y_high = high[1];
  grid.density.assign(bins * bins, 0.0);
  // What each bin of each axis holds of one point; correlations between the two axes within a point's own width are left out.
  std::vector<double> held[2] = {std::vector<double>(bins), std::vector<double>(bins)};
  for (int64_t i = 0; i < n; ++i) {
    for (int axis = 0; axis < 2; ++axis) {
      const double step = (high[axis] - low[axis]) / double(bins), scale = width[axis][i] * std::sqrt(2.0);
      double below = 0.5 * std::erfc((centre[axis][i] - low[axis]) / scale);
      for (int64_t b = 0; b < bins; ++b) {
        const double up = 0.5 * std::erfc((centre[axis][i] - low[axis] - double(b + 1) * step) / scale);
        held[axis][b] = up - below;
        below = up;
      }
    }
    for (int64_t y = 0; y < bins; ++y) {
      for (int64_t x = 0; x < bins; ++x) grid.density[y * bins + x] += held[0][x] * held[1][y];
    }
  }
  const double total = std::accumulate(grid.density.begin(), grid.density.end(), 0.0);
  for (double& value : grid.density) value /= total;
  return grid;
}

}  // namespace cryomer
