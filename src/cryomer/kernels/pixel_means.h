// Sums of Gaussians onto a pixel grid as means over each pixel: no narrow Gaussian falls between two pixels.
//
//   image[j][i] += weight_p sum_t amplitude_t m(i - x_p, s_t) m(j - y_p, s_t) [m of the slab along z]
//   m(u, s) = (erf(s (u + 1/2)) - erf(s (u - 1/2))) / 2,   s = 1 / (sqrt(2) sigma), sigma in pixels
//
// so a term adds amplitude * weight to the sum over all pixels. m is read from tables over the place of a point between two pixels,
// in steps of 1/256 with linear interpolation: right to 1e-6 / sigma^2 of its peak.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cryomer/kernels/cpu.h"

namespace cryomer {

// What points look like: `terms` (1 or 5) Gaussians for each kind.
struct PointKinds {
  int terms = 5;
  std::vector<float> amplitude;  // [kinds][terms]
  std::vector<float> steepness;  // [kinds][terms] 1 / (sqrt(2) sigma), 1/pixel
};

// The same with its tables.
struct PointProfiles {
  static constexpr int kSteps = 256;

  PointProfiles() = default;
  explicit PointProfiles(PointKinds kinds);

  PointKinds kinds;
  int window = 8;            // pixels around a point: leaves out only what is more than 4.2 sigma away; 8, 16, 24 or 32
  std::vector<float> table;  // [kinds][terms][kSteps + 1][window]: m at pixel i of the window of a point that is so many steps
                             // beyond the pixel window / 2 - 1
};

struct Points {
  const float* x = nullptr;        // [count] column of the centre, pixels
  const float* y = nullptr;        // [count] row of the centre, pixels
  const float* z = nullptr;        // [count] depth, pixels; may be null without a slab
  const float* weight = nullptr;   // [count]
  const uint16_t* kind = nullptr;  // [count]; null: all of kind 0
  size_t count = 0;
};

// Only what lies between these depths, in pixels.
struct Slab {
  float from = 0, to = 0;
};

// Adds to image [height][width]; pixels outside of the window around a point, or of the image, are left out.
void add_pixel_means(const Points& points, const PointProfiles& profiles, float* image, int width, int height,
                     const Slab* slab = nullptr, InstructionSet set = active_instruction_set());

}  // namespace cryomer
