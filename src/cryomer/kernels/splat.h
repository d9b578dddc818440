// Gaussian blobs onto a pixel grid, and the exact gradient of that.
//
//   image[j][i] += weight_a exp(falloff_a ((i - x_a)^2 + (j - y_a)^2))
//
// With weight = amplitude / (2 pi s^2) and falloff = -1 / (2 s^2), s the width in pixels, this is Rosenbaum et al. 2021,
// section 2.3 (projection of a 3D Gaussian, evaluated at every pixel). Each blob is evaluated in a square window around its
// centre only, the smallest of 8, 16, 32, ... pixels that leaves out nothing nearer than 4.2 widths; pixels outside of the
// image are ignored.
#pragma once

#include <cstddef>

#include "cryomer/kernels/cpu.h"

namespace cryomer {

struct Blobs {
  const float* x = nullptr;        // [count] column of the centre, pixels
  const float* y = nullptr;        // [count] row of the centre, pixels
  const float* weight = nullptr;   // [count]
  const float* falloff = nullptr;  // [count] < 0, 1/pixel^2
  size_t count = 0;
};

struct BlobGradients {
  float* x = nullptr;       // [count] overwritten
  float* y = nullptr;       // [count] overwritten
  float* weight = nullptr;  // [count] overwritten; may be null
  float* falloff = nullptr; // [count] overwritten; may be null
};

// Adds to image [height][width].
void splat_blobs(const Blobs& blobs, float* image, int width, int height,
                 InstructionSet set = active_instruction_set());

// Gradients of a function whose gradient with respect to the image is `image_gradient` [height][width].
void splat_blobs_backward(const Blobs& blobs, const float* image_gradient, int width, int height, const BlobGradients& gradients,
                          InstructionSet set = active_instruction_set());

}  // namespace cryomer
