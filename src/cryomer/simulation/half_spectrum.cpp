#include "cryomer/simulation/half_spectrum.h"

#include <algorithm>
#include <cmath>

namespace cryomer {

int fast_size(double least) {
  for (int n = std::max(2, 2 * static_cast<int>(std::ceil(0.5 * least)));; n += 2) {
    int rest = n;
    for (const int prime : {2, 3, 5}) {
      while (rest % prime == 0) rest /= prime;
    }
    if (rest == 1) return n;
  }
}

void crop_spectrum(const float* spectrum, int from, float* cropped, int to, float scale) {
  const int columns = half_columns(to);
  for (int v = 0; v < to; ++v) {
    float* const out = cropped + 2 * size_t(v) * columns;
    const int row = frequency_of_row(v, to);
    if (v == to / 2 && to < from) {
      std::fill_n(out, 2 * columns, 0.0f);
      continue;
    }
    const float* const in = spectrum + 2 * size_t(row < 0 ? row + from : row) * half_columns(from);
    for (int i = 0; i < 2 * columns; ++i) out[i] = scale * in[i];
    if (to < from) out[2 * columns - 2] = out[2 * columns - 1] = 0;
  }
}

}  // namespace cryomer
