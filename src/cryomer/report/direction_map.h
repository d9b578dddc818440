// How viewing directions are spread over the sphere, as a map that keeps areas (Mollweide).
#pragma once

#include <string>
#include <vector>

#include "cryomer/geometry/vec3.h"

namespace cryomer {

// Counts of directions in cells of equal solid angle: `rows` bands of equal height in z, each of `columns` equal azimuths.
struct DirectionCounts {
  int rows = 12, columns = 24;
  std::vector<int64_t> counts;  // [rows][columns], from z = -1 and azimuth -180 degrees
  int64_t total = 0;
};
DirectionCounts count_directions(const std::vector<Vec3>& directions, int rows = 12, int columns = 24);

std::string direction_svg(const DirectionCounts& counts);

}  // namespace cryomer
