// The directions in which points vary most, or move something most.
#pragma once

#include <cstdint>
#include <vector>

namespace cryomer {

struct PrincipalComponents {
  std::vector<double> mean;                    // [dimension]
  // Of each of the leading directions, at most as many as there are dimensions:
  std::vector<std::vector<double>> direction;  // [dimension], what one unit of `projected` is
  std::vector<std::vector<double>> projected;  // [points], how far the points are along it, centred
  std::vector<double> share;                   // of the total variance
};

struct PointSpread {
  std::vector<float> variances;  // [points][dimension] or none: each point is a normal distribution that is wide along the axes
  // [dimension][effects] or none: how something moves with each coordinate. Directions are then those that move it most, in its
  // units: the eigenvectors of C^(1/2) A^T A C^(1/2) for the points' covariance C and A the effects.
  std::vector<std::vector<double>> effects;
};

// values [points][dimension].
PrincipalComponents principal_components(const std::vector<float>& values, int64_t points, int64_t dimension, int64_t count,
                                         const PointSpread& spread = {});

}  // namespace cryomer
