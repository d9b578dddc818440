// The directions in which points vary most.
#pragma once

#include <cstdint>
#include <vector>

namespace cryomer {

struct PrincipalComponents {
  std::vector<double> mean;                    // [dimension]
  // Of each of the leading directions, at most as many as there are dimensions:
  std::vector<std::vector<double>> direction;  // [dimension], of length one
  std::vector<std::vector<double>> projected;  // [points], the points along it, centred
  std::vector<double> share;                   // of the total variance
};

// values [points][dimension]. `variances`, empty or of the same shape, make each point a normal distribution that is wide
// along the axes: the directions are then those of their mixture.
PrincipalComponents principal_components(const std::vector<float>& values, int64_t points, int64_t dimension, int64_t count,
                                         const std::vector<float>& variances = {});

}  // namespace cryomer
