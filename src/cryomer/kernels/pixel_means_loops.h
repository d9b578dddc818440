// Loops of pixel_means.cpp; included by one file per instruction set.
#pragma once

#include <cmath>

#include "cryomer/kernels/pixel_means.h"

namespace cryomer::detail {

using PixelMeanLoop = void (*)(const Points&, const PointKinds&, int window, float* image, int width, int height, const Slab* slab);
void add_pixel_means_avx2(const Points&, const PointKinds&, int, float*, int, int, const Slab*);
void add_pixel_means_avx512(const Points&, const PointKinds&, int, float*, int, int, const Slab*);

namespace {

inline float error_function(float x) {
  const float a = std::fabs(x);
  float p = 1 + a * (0.0705230784f + a * (0.0422820123f + a * (0.0092705272f + a * (0.0001520143f + a * (0.0002765672f + a * 0.0000430638f)))));
  p *= p;
  p *= p;
  p *= p;
  p *= p;
  return std::copysign(1 - 1 / p, x);
}

// means[i] = factor * m(first + i), i in [0, kWindow).
template <int kWindow>
inline void axis_means(float first, float steepness, float factor, float* __restrict means) {
  constexpr int kEdges = kWindow + 8;  // a whole number of vectors; only kWindow + 1 are needed
  float edge[kEdges];
#pragma omp simd
  for (int e = 0; e < kEdges; ++e) edge[e] = error_function(steepness * (first + float(e) - 0.5f));
#pragma omp simd
  for (int i = 0; i < kWindow; ++i) means[i] = factor * (edge[i + 1] - edge[i]);
}

template <int kWindow, int kTerms>
void add_windows(const Points& p, const PointKinds& kinds, float* image, int width, int height, const Slab* slab) {
  for (size_t n = 0; n < p.count; ++n) {
    const float x = p.x[n], y = p.y[n];
    // Far outside, or not a number.
    if (!(x > -kWindow && y > -kWindow && x < float(width + kWindow) && y < float(height + kWindow))) continue;
    const int left = int(std::floor(x)) - kWindow / 2 + 1, top = int(std::floor(y)) - kWindow / 2 + 1;
    if (left <= -kWindow || top <= -kWindow || left >= width || top >= height) continue;
    const float* const amplitude = kinds.amplitude.data() + size_t(p.kind[n]) * kTerms;
    const float* const steepness = kinds.steepness.data() + size_t(p.kind[n]) * kTerms;
    alignas(64) float column[kTerms][kWindow], row[kTerms][kWindow];
    for (int t = 0; t < kTerms; ++t) {
      float factor = 0.25f * amplitude[t] * p.weight[n];
      if (slab) {
        factor *= 0.5f * (error_function(steepness[t] * (slab->to - p.z[n])) - error_function(steepness[t] * (slab->from - p.z[n])));
      }
      axis_means<kWindow>(float(left) - x, steepness[t], factor, column[t]);
      axis_means<kWindow>(float(top) - y, steepness[t], 1, row[t]);
    }
    const int j_first = top < 0 ? -top : 0, j_last = top + kWindow > height ? height - top : kWindow;
    if (left >= 0 && left + kWindow <= width) {
      for (int j = j_first; j < j_last; ++j) {
        float* const out = image + size_t(top + j) * width + left;
#pragma omp simd
        for (int i = 0; i < kWindow; ++i) {
          float sum = out[i];
          for (int t = 0; t < kTerms; ++t) sum += row[t][j] * column[t][i];
          out[i] = sum;
        }
      }
    } else {
      const int i_first = left < 0 ? -left : 0, i_last = left + kWindow > width ? width - left : kWindow;
      for (int j = j_first; j < j_last; ++j) {
        float* const out = image + size_t(top + j) * width + left;
        for (int i = i_first; i < i_last; ++i) {
          for (int t = 0; t < kTerms; ++t) out[i] += row[t][j] * column[t][i];
        }
      }
    }
  }
}

template <int kTerms>
void add_with_terms(const Points& p, const PointKinds& kinds, int window, float* image, int width, int height, const Slab* slab) {
  switch (window) {
    case 8: return add_windows<8, kTerms>(p, kinds, image, width, height, slab);
    case 16: return add_windows<16, kTerms>(p, kinds, image, width, height, slab);
    case 24: return add_windows<24, kTerms>(p, kinds, image, width, height, slab);
    default: return add_windows<32, kTerms>(p, kinds, image, width, height, slab);
  }
}

inline void add_pixel_means_here(const Points& p, const PointKinds& kinds, int window, float* image, int width, int height,
                                 const Slab* slab) {
  kinds.terms == 1 ? add_with_terms<1>(p, kinds, window, image, width, height, slab)
                   : add_with_terms<5>(p, kinds, window, image, width, height, slab);
}

}  // namespace

}  // namespace cryomer::detail
