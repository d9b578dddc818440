#include "cryomer/kernels/pair_sums.h"

#include "cryomer/kernels/pair_sums_loops.h"

namespace cryomer {

double PairFunction::operator()(double distance) const {
  const double at = distance * distance / step;
  if (!(at < double(value.size() - 1))) return 0;
  const auto i = size_t(at);
  return value[i] + (at - double(i)) * (value[i + 1] - value[i]);
}

double sum_over_pairs(const PairFunction& function, const float* x, const float* y, const float* z, size_t count, InstructionSet set) {
  detail::PairSumLoop loop = detail::sum_over_pairs_here;
#ifdef CRYOMER_HAS_AVX2
  if (set == InstructionSet::avx2) loop = detail::sum_over_pairs_avx2;
#endif
#ifdef CRYOMER_HAS_AVX512
  if (set == InstructionSet::avx512) loop = detail::sum_over_pairs_avx512;
#endif
  return loop(function, x, y, z, count);
}

}  // namespace cryomer
