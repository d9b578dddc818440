// Points in a latent space, whatever made them: clusters, and density along main directions.
#pragma once

#include <cstdint>
#include <vector>

#include "cryomer/evaluation/latent_directions.h"

namespace cryomer {

struct LatentClusters {
  std::vector<int64_t> of_point;        // [n], cluster of each point
  std::vector<int64_t> size;            // [clusters], points in each; descending
  std::vector<int64_t> representative;  // [clusters], the point nearest to the cluster's mean
};

// k-means (Lloyd 1982) from seeds spread by k-means++ (Arthur and Vassilvitskii 2007), the best of several starts. Fewer clusters
// come out where there are fewer different points.
LatentClusters k_means(const std::vector<float>& points, int64_t dimension, int64_t clusters, uint64_t seed);

struct DensityGrid {
  int64_t bins = 0;  // along each axis
  double x_low = 0, x_high = 0, y_low = 0, y_high = 0;
  std::vector<double> density;  // [y][x], sums to one
};

// Density of a mixture of normal distributions, one for each point, along two directions: the aggregated posterior when `means` and
// `deviations` ([n][dimension], of each coordinate) are the particles' posteriors.
DensityGrid density_along(const LatentDirections& directions, int64_t first, int64_t second, const std::vector<float>& means,
                          const std::vector<float>& deviations, int64_t bins);

}  // namespace cryomer
