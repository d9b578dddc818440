// The loop of pair_sums.cpp; included by one file per instruction set.
#pragma once

#include "cryomer/kernels/pair_sums.h"

namespace cryomer::detail {

using PairSumLoop = double (*)(const PairFunction&, const float* x, const float* y, const float* z, size_t count);
double sum_over_pairs_avx2(const PairFunction&, const float*, const float*, const float*, size_t);
double sum_over_pairs_avx512(const PairFunction&, const float*, const float*, const float*, size_t);

namespace {

inline double sum_over_pairs_here(const PairFunction& function, const float* __restrict x, const float* __restrict y, const float* __restrict z,
                                  size_t count) {
  const float* __restrict const table = function.value.data();
  const float inverse = float(1 / function.step), last = float(function.value.size() - 1);
  double total = 0;
  for (size_t a = 1; a < count; ++a) {
    const float ax = x[a], ay = y[a], az = z[a];
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t b = 0; b < a; ++b) {
      const float u = x[b] - ax, v = y[b] - ay, w = z[b] - az;
      const float at = (u * u + v * v + w * w) * inverse;
      const float within = at < last ? at : last;
      const int i = int(within) - (within == last ? 1 : 0);
      sum += table[i] + (within - float(i)) * (table[i + 1] - table[i]);
    }
    total += double(sum);
  }
  return total;
}

}  // namespace

}  // namespace cryomer::detail
