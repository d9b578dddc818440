// Rotations that cover all orientations evenly.
#pragma once

#include <vector>

#include "cryomer/geometry/rotation.h"

namespace cryomer {

// Viewing directions on rings of equal tilt, evenly spaced along each, times evenly spaced in-plane angles: neighbours are
// about `spacing_deg` apart, and no rotation is farther than 1.1 * spacing_deg from the nearest of the grid. Spacing of 1 to 90.
std::vector<Mat3> rotation_grid(double spacing_deg);

}  // namespace cryomer
