// Loops of pixel_means.cpp; included by one file per instruction set.
#pragma once

#include <cmath>

#include "cryomer/kernels/pixel_means.h"

namespace cryomer::detail {

using PixelMeanLoop = void (*)(const Points&, const PointProfiles&, float* image, int width, int height, const Slab* slab);
void add_pixel_means_avx2(const Points&, const PointProfiles&, float*, int, int, const Slab*);
void add_pixel_means_avx512(const Points&, const PointProfiles&, float*, int, int, const Slab*);

namespace {

// means[i] = factor * m(i - place), place between two of the table's steps.
template <int kWindow>
inline void axis_means(const float* __restrict table, float place, float factor, float* __restrict means) {
  const float steps = place * PointProfiles::kSteps;
  const int whole = static_cast<int>(steps);
  // Just below a whole number, rounding makes it the next.
  const int step = whole < PointProfiles::kSteps ? whole : PointProfiles::kSteps - 1;
  const float second = (steps - float(step)) * factor, first = factor - second;
  const float* __restrict const low = table + size_t(step) * kWindow;
  const float* __restrict const high = low + kWindow;
#pragma omp simd
  for (int i = 0; i < kWindow; ++i) means[i] = first * low[i] + second * high[i];
}

template <int kWindow, int kTerms>
void add_windows(const Points& p, const PointProfiles& profiles, float* image, int width, int height, const Slab* slab) {
  constexpr size_t kTable = size_t(PointProfiles::kSteps + 1) * kWindow;
  for (size_t n = 0; n < p.count; ++n) {
    const float x = p.x[n], y = p.y[n];
    // Far outside, or not a number.
    if (!(x > -kWindow && y > -kWindow && x < float(width + kWindow) && y < float(height + kWindow))) continue;
    const int column_of = int(std::floor(x)), row_of = int(std::floor(y));
    const int left = column_of - kWindow / 2 + 1, top = row_of - kWindow / 2 + 1;
    if (left <= -kWindow || top <= -kWindow || left >= width || top >= height) continue;
    if (slab && (p.z[n] < slab->from - kWindow / 2 || p.z[n] > slab->to + kWindow / 2)) continue;
    const size_t kind = p.kind ? p.kind[n] : 0;
    const float* const amplitude = profiles.kinds.amplitude.data() + kind * kTerms;
    const float* const table = profiles.table.data() + kind * kTerms * kTable;
    alignas(64) float column[kTerms][kWindow], row[kTerms][kWindow];
    for (int t = 0; t < kTerms; ++t) {
      float factor = amplitude[t] * p.weight[n];
      if (slab) {
        const float steepness = profiles.kinds.steepness[kind * kTerms + t];
        factor *= 0.5f * (std::erf(steepness * (slab->to - p.z[n])) - std::erf(steepness * (slab->from - p.z[n])));
      }
      axis_means<kWindow>(table + t * kTable, x - float(column_of), factor, column[t]);
      axis_means<kWindow>(table + t * kTable, y - float(row_of), 1, row[t]);
    }
    const int j_first = top < 0 ? -top : 0, j_last = top + kWindow > height ? height - top : kWindow;
    if (left >= 0 && left + kWindow <= width) {
      float* __restrict out = image + size_t(top + j_first) * width + left;
      for (int j = j_first; j < j_last; ++j, out += width) {
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
void add_with_terms(const Points& p, const PointProfiles& profiles, float* image, int width, int height, const Slab* slab) {
  switch (profiles.window) {
    case 8:
      return add_windows<8, kTerms>(p, profiles, image, width, height, slab);
    case 16:
      return add_windows<16, kTerms>(p, profiles, image, width, height, slab);
    case 24:
      return add_windows<24, kTerms>(p, profiles, image, width, height, slab);
    default:
      return add_windows<32, kTerms>(p, profiles, image, width, height, slab);
  }
}

inline void add_pixel_means_here(const Points& p, const PointProfiles& profiles, float* image, int width, int height,
                                 const Slab* slab) {
  profiles.kinds.terms == 1 ? add_with_terms<1>(p, profiles, image, width, height, slab)
                            : add_with_terms<5>(p, profiles, image, width, height, slab);
}

}  // namespace

}  // namespace cryomer::detail
