#include "cryomer/pose_search/rotation_grid.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/error.h"
#include "cryomer/base/units.h"

namespace cryomer {

std::vector<Mat3> rotation_grid(double spacing_deg) {
  if (!(spacing_deg >= 1 && spacing_deg <= 90)) fail_usage("a rotation grid of {} degrees, expected 1 to 90", spacing_deg);
  const double spacing = radians(spacing_deg);
  const int rings = std::max(2, int(std::ceil(kPi / spacing)));
  const int in_plane = std::max(2, int(std::ceil(2 * kPi / spacing)));
  std::vector<Mat3> rotations;
  for (int ring = 0; ring < rings; ++ring) {
    const double tilt = (ring + 0.5) * kPi / rings;
    const int around = std::max(3, int(std::ceil(2 * kPi * std::sin(tilt) / spacing)));
    for (int a = 0; a < around; ++a) {
      // Odd rings stand between the points of even ones.
      const double rot = 2 * kPi * (a + 0.5 * (ring % 2)) / around;
      for (int p = 0; p < in_plane; ++p) rotations.push_back(rotation_from_euler({rot, tilt, 2 * kPi * p / in_plane}));
    }
  }
  return rotations;
}

}  // namespace cryomer
