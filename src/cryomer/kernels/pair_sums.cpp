#include "cryomer/kernels/pair_sums.h"

namespace cryomer {

double PairFunction::operator()(double distance) const {
  const double at = distance * distance / step;
  if (!(at < double(value.size() - 1))) return 0;
  const auto i = size_t(at);
  return value[i] + (at - double(i)) * (value[i + 1] - value[i]);
}

double sum_over_pairs(const PairFunction& function, const float* x, const float* y, const float* z, size_t count) {
  const float* const table = function.value.data();
  const float inverse = float(1 / function.step), last = float(function.value.size() - 1);
  double total = 0;
  for (size_t a = 1; a < count; ++a) {
    float sum = 0;
    for (size_t b = 0; b < a; ++b) {
      const float u = x[b] - x[a], v = y[b] - y[a], w = z[b] - z[a];
      const float at = (u * u + v * v + w * w) * inverse;
      if (!(at < last)) continue;
      const int i = int(at);
      sum += table[i] + (at - float(i)) * (table[i + 1] - table[i]);
    }
    total += double(sum);
  }
  return total;
}

}  // namespace cryomer
