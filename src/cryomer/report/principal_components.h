// The directions in which points vary most.
#pragma once

#include <cstdint>
#include <vector>

namespace cryomer {

struct PrincipalComponents {
  std::vector<double> first, second;            // [points] along the two leading directions, centred
  double first_share = 0, second_share = 0;     // of the total variance
};

// values [points][dimension]; with one dimension the second component is zero.
PrincipalComponents principal_components(const std::vector<float>& values, int64_t points, int64_t dimension);

}  // namespace cryomer
