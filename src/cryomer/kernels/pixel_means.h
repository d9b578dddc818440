// Sums of Gaussians onto a pixel grid as means over each pixel, exactly: no narrow Gaussian falls between two pixels.
//
//   image[j][i] += weight_p sum_t amplitude_t m(i - x_p, s_t) m(j - y_p, s_t) [m of the slab along z]
//   m(u, s) = (erf(s (u + 1/2)) - erf(s (u - 1/2))) / 2,   s = 1 / (sqrt(2) sigma), sigma in pixels
//
// so a term adds amplitude * weight to the sum over all pixels. erf is Abramowitz & Stegun 7.1.28, right to 3e-7.
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

struct Points {
  const float* x = nullptr;       // [count] column of the centre, pixels
  const float* y = nullptr;       // [count] row of the centre, pixels
  const float* z = nullptr;       // [count] depth, pixels; may be null without a slab
  const float* weight = nullptr;  // [count]
  const uint16_t* kind = nullptr; // [count]
  size_t count = 0;
};

// Only what lies between these depths, in pixels.
struct Slab {
  float from = 0, to = 0;
};

// The smallest supported window (8, 16, 24 or 32 pixels) that leaves out only what is more than 4 sigma away from a pixel's edge;
// the largest where none does.
int pixel_mean_window(double largest_sigma_in_pixels);

// Adds to image [height][width]; pixels outside of the window around a point, or of the image, are left out.
void add_pixel_means(const Points& points, const PointKinds& kinds, int window, float* image, int width, int height,
                     const Slab* slab = nullptr, InstructionSet set = active_instruction_set());

}  // namespace cryomer
