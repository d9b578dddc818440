// The microscope's settings shared by a group of particles, and the per-particle parameters of its transfer function.
#pragma once

#include <string>

namespace cryomer {

struct OpticsGroup {
  std::string name;
  double voltage = 300;               // kV
  double spherical_aberration = 2.7;  // mm
  double amplitude_contrast = 0.1;    // fraction
  double pixel_size = 0;              // A, of the particle images
  bool ctf_premultiplied = false;     // images were multiplied by their CTF on extraction
};

// A; where no defocus is larger, it is somebody's micrometres.
inline constexpr double kLeastDefocus = 50;

// As in a RELION particle row, in our units.
struct CtfParameters {
  double defocus_u = 0;  // A, underfocus positive
  double defocus_v = 0;  // A
  double astigmatism_angle = 0;  // rad, from the x axis to the direction of defocus_u
  double phase_shift = 0;        // rad
  double b_factor = 0;           // A^2, envelope exp(-B k^2 / 4)
  double scale = 1;
};

}  // namespace cryomer
