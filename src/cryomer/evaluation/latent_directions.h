// The directions of a latent space in which points vary most, or move something most.
#pragma once

#include <cstdint>
#include <vector>

namespace cryomer {

struct LatentDirections {
  int64_t dimension = 0;
  std::vector<double> mean;        // [dimension]
  std::vector<double> directions;  // [count][dimension], the step of one unit along each; largest variance first
  // [count][dimension], what points are projected on; that of k and the step of l have an inner product of one where k is l, else
  // zero. Without effects the same as the steps, which are then orthonormal.
  std::vector<double> projections;
  std::vector<double> deviation;  // [count], standard deviation along each
  std::vector<double> share;      // [count], of the total variance

  int64_t count() const { return int64_t(deviation.size()); }
  // Coordinates of points [n][dimension] along direction k, about the mean.
  std::vector<double> along(int64_t k, const std::vector<float>& points) const;
  // The point at `distance` from the mean along direction k, [dimension].
  std::vector<float> point(int64_t k, double distance) const;
};

struct PointSpread {
  std::vector<float> variances;  // [n][dimension] or none: each point is a normal distribution that is wide along the axes
  // [dimension][effects] or none: how something moves with each coordinate. Directions are then those that move it most, in its
  // units: the eigenvectors of C^(1/2) A^T A C^(1/2) for the points' covariance C and A the effects.
  std::vector<std::vector<double>> effects;
};

// points [n][dimension]; at most `most` directions.
LatentDirections principal_directions(const std::vector<float>& points, int64_t dimension, int64_t most,
                                      const PointSpread& spread = {});

}  // namespace cryomer
