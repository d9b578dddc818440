// How a particle lies under the beam.
#pragma once

#include "cryomer/geometry/rotation.h"

namespace cryomer {

// x_view = rotation * x_reference; the image shows (x_view.x + shift_x, x_view.y + shift_y). The shift moves the
// particle, in A; RELION's rlnOriginXAngst moves the image back, so it is the negative.
struct Pose {
  Mat3 rotation;
  double shift_x = 0;
  double shift_y = 0;
};

}  // namespace cryomer
