// Points in a latent space, whatever made them: main directions, clusters, density.
#pragma once

#include <cstdint>
#include <vector>

namespace cryomer {

struct LatentDirections {
  int64_t dimension = 0;
  std::vector<double> mean;        // [dimension]
  std::vector<double> directions;  // [count][dimension], orthonormal, largest variance first
  std::vector<double> deviation;   // [count], standard deviation along each
  std::vector<double> share;       // [count], of the total variance

  int64_t count() const { return int64_t(deviation.size()); }
  // Coordinates of points [n][dimension] along direction k, about the mean.
  std::vector<double> along(int64_t k, const std::vector<float>& points) const;
  // The point at `distance` from the mean along direction k, [dimension].
  std::vector<float> point(int64_t k, double distance) const;
};

// points [n][dimension]; at most `most` directions.
LatentDirections principal_directions(const std::vector<float>& points, int64_t dimension, int64_t most);

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
