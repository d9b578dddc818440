// One blob, plainly: the definition that the SIMD versions are tested against, and their way out at the image border.
#pragma once

#include <algorithm>
#include <cmath>

#include "cryomer/base/host_device.h"
#include "cryomer/kernels/splat.h"

namespace cryomer::detail {

// A window of `window` pixels leaves out nothing nearer than 4.2 widths from the centre if falloff is at most this.
CRYOMER_HOST_DEVICE constexpr float window_limit(int window) { return -2 * 4.2f * 4.2f / (float(window) * float(window)); }

CRYOMER_HOST_DEVICE inline int blob_window(float falloff) {
  int window = 8;
  while (falloff > window_limit(window) && window < 1 << 14) window *= 2;
  return window;
}

// First pixel of the window around a centre: pixels first .. first + window - 1.
CRYOMER_HOST_DEVICE inline int window_start(float centre, int window) { return static_cast<int>(std::floor(centre)) - window / 2 + 1; }

// A centre so far out (or NaN) that its index would not fit into an int touches no pixel.
CRYOMER_HOST_DEVICE inline bool is_near_image(float x, float y, int window, int width, int height) {
  return x > -window && y > -window && x < width + window && y < height + window;
}

// `add(pixel, value)` for each pixel of the window that is inside.
template <typename Add>
CRYOMER_HOST_DEVICE inline void for_each_pixel_of_blob(const Blobs& b, size_t a, int width, int height, const Add& add) {
  const int window = blob_window(b.falloff[a]);
  if (!is_near_image(b.x[a], b.y[a], window, width, height)) return;
  const int left = window_start(b.x[a], window), top = window_start(b.y[a], window);
  for (int j = std::max(top, 0); j < std::min(top + window, height); ++j) {
    const float dy = j - b.y[a];
    const float row_weight = b.weight[a] * std::exp(b.falloff[a] * dy * dy);
    for (int i = std::max(left, 0); i < std::min(left + window, width); ++i) {
      const float dx = i - b.x[a];
      add(j * width + i, row_weight * std::exp(b.falloff[a] * dx * dx));
    }
  }
}

inline void splat_blob(const Blobs& b, size_t a, float* image, int width, int height) {
  for_each_pixel_of_blob(b, a, width, height, [image](int pixel, float value) { image[pixel] += value; });
}

CRYOMER_HOST_DEVICE inline void splat_blob_backward(const Blobs& b, size_t a, const float* g, int width, int height, const BlobGradients& out) {
  const int window = blob_window(b.falloff[a]);
  // Sums of g * exp(falloff * r^2) times 1, dx, dy, r^2.
  float sum = 0, sum_dx = 0, sum_dy = 0, sum_r2 = 0;
  if (is_near_image(b.x[a], b.y[a], window, width, height)) {
    const int left = window_start(b.x[a], window), top = window_start(b.y[a], window);
    for (int j = std::max(top, 0); j < std::min(top + window, height); ++j) {
      const float dy = j - b.y[a];
      const float row = std::exp(b.falloff[a] * dy * dy);
      for (int i = std::max(left, 0); i < std::min(left + window, width); ++i) {
        const float dx = i - b.x[a];
        const float value = g[j * width + i] * row * std::exp(b.falloff[a] * dx * dx);
        sum += value;
        sum_dx += value * dx;
        sum_dy += value * dy;
        sum_r2 += value * (dx * dx + dy * dy);
      }
    }
  }
  out.x[a] = -2 * b.falloff[a] * b.weight[a] * sum_dx;
  out.y[a] = -2 * b.falloff[a] * b.weight[a] * sum_dy;
  if (out.weight) out.weight[a] = sum;
  if (out.falloff) out.falloff[a] = b.weight[a] * sum_r2;
}

// The SIMD versions leave windows of more than 32 pixels to the reference.
void splat_blobs_avx2(const Blobs&, float* image, int width, int height);
void splat_blobs_backward_avx2(const Blobs&, const float* g, int width, int height, const BlobGradients&);
void splat_blobs_avx512(const Blobs&, float* image, int width, int height);
void splat_blobs_backward_avx512(const Blobs&, const float* g, int width, int height, const BlobGradients&);

}  // namespace cryomer::detail
