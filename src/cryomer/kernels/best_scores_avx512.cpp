#include "cryomer/kernels/best_scores_loops.h"

namespace cryomer::detail {

void keep_best_avx512(const float* cross, int shifts, int width, const float* power, int conformation, const BestScores& best) {
  keep_best(cross, shifts, width, power, conformation, best);
}

}  // namespace cryomer::detail
