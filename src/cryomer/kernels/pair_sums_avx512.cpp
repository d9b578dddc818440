#include "cryomer/kernels/pair_sums_loops.h"

namespace cryomer::detail {

double sum_over_pairs_avx512(const PairFunction& function, const float* x, const float* y, const float* z, size_t count) {
  return sum_over_pairs_here(function, x, y, z, count);
}

}  // namespace cryomer::detail
