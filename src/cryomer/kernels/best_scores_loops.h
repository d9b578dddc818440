// The loop of best_scores.cpp; included by one file per instruction set.
#pragma once

#include <algorithm>

#include "cryomer/kernels/best_scores.h"

namespace cryomer::detail {

namespace {

// Sixteen templates at a time, so that what is best so far stays in registers.
constexpr int kLanes = 16;

inline void keep_best(const float* cross, int shifts, int width, const float* power, int conformation, const BestScores& best) {
  int t = 0;
  for (; t + kLanes <= width; t += kLanes) {
    float highest[kLanes];
    int which[kLanes];
    for (int l = 0; l < kLanes; ++l) {
      highest[l] = cross[t + l];
      which[l] = 0;
    }
    for (int s = 1; s < shifts; ++s) {
      const float* const row = cross + static_cast<long>(s) * width + t;
#pragma omp simd
      for (int l = 0; l < kLanes; ++l) {
        const bool better = row[l] > highest[l];
        highest[l] = better ? row[l] : highest[l];
        which[l] = better ? s : which[l];
      }
    }
#pragma omp simd
    for (int l = 0; l < kLanes; ++l) {
      const float value = highest[l] - power[t + l];
      const bool better = value > best.score[t + l];
      best.score[t + l] = better ? value : best.score[t + l];
      best.conformation[t + l] = better ? conformation : best.conformation[t + l];
      best.shift[t + l] = better ? which[l] : best.shift[t + l];
    }
  }
  for (; t < width; ++t) {
    int which = 0;
    for (int s = 1; s < shifts; ++s) {
      if (cross[static_cast<long>(s) * width + t] > cross[static_cast<long>(which) * width + t]) which = s;
    }
    const float value = cross[static_cast<long>(which) * width + t] - power[t];
    if (value <= best.score[t]) continue;
    best.score[t] = value;
    best.conformation[t] = conformation;
    best.shift[t] = which;
  }
}

}  // namespace

}  // namespace cryomer::detail
