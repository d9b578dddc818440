#include "cryomer/kernels/best_scores.h"

#include "cryomer/kernels/best_scores_loops.h"

namespace cryomer {

namespace detail {
void keep_best_avx2(const float*, int shifts, int width, const float* power, int conformation, const BestScores&);
void keep_best_avx512(const float*, int shifts, int width, const float* power, int conformation, const BestScores&);
}  // namespace detail

void keep_best_scores(const float* cross, int shifts, int width, const float* power, int conformation, const BestScores& best,
                      InstructionSet set) {
#ifdef CRYOMER_HAS_AVX512
  if (set == InstructionSet::avx512) return detail::keep_best_avx512(cross, shifts, width, power, conformation, best);
#endif
#ifdef CRYOMER_HAS_AVX2
  if (set == InstructionSet::avx2) return detail::keep_best_avx2(cross, shifts, width, power, conformation, best);
#endif
  detail::keep_best(cross, shifts, width, power, conformation, best);
}

}  // namespace cryomer
