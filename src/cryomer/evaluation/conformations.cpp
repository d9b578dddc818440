#include "cryomer/evaluation/conformations.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/error.h"

namespace cryomer {

Ensemble selected(const Ensemble& ensemble, const std::vector<int64_t>& conformations,
                  const std::vector<int>& atoms) {
  Ensemble result;
  result.atom_count = static_cast<int64_t>(atoms.size());
  result.coordinates.resize(3 * atoms.size() * conformations.size());
  float* out = result.coordinates.data();
  for (const int64_t i : conformations) {
    const float* from = ensemble.conformation(i);
    for (const int a : atoms) {
      std::copy(from + 3 * a, from + 3 * a + 3, out);
      out += 3;
    }
  }
  return result;
}

void require_usable(const Ensemble& ensemble, const std::string& name) {
  if (ensemble.size() == 0) fail("the {} holds no conformation, expected at least one", name);
  const int64_t width = 3 * ensemble.atom_count;
  for (int64_t i = 0; i < ensemble.size(); ++i) {
    const float* x = ensemble.conformation(i);
    float poison = 0;  // stays zero unless a coordinate is infinite or not a number
    for (int64_t k = 0; k < width; ++k) poison += 0 * x[k];
    if (poison == 0) continue;
    const int64_t bad = std::find_if(x, x + width, [](float v) { return !std::isfinite(v); }) - x;
    fail(
        "the {} holds the coordinate {} (conformation {} of {}, atom {} of {}, counted from 1), expected a "
        "finite number",
        name, x[bad], i + 1, ensemble.size(), bad / 3 + 1, ensemble.atom_count);
  }
}

std::vector<int64_t> sampled(int64_t size, int64_t n, Random& random) {
  std::vector<int64_t> draw(n);
  if (size < n) {
    for (int64_t& i : draw) i = static_cast<int64_t>(random.below(static_cast<uint64_t>(size)));
  } else if (size == n) {
    for (int64_t i = 0; i < n; ++i) draw[i] = i;
  } else {
    draw = random.permutation(size);
    draw.resize(n);
  }
  return draw;
}

std::vector<int64_t> sampled_by_weight(const std::vector<double>& weights, int64_t n, Random& random) {
  double total = 0;
  for (const double w : weights) total += w;
  const double step = total / static_cast<double>(n);
  double next = random.uniform() * step, reached = 0;
  std::vector<int64_t> draw;
  int64_t last_possible = 0;
  for (const int64_t i : random.permutation(static_cast<int64_t>(weights.size()))) {
    if (weights[i] > 0) last_possible = i;
    reached += weights[i];
    for (; next < reached && static_cast<int64_t>(draw.size()) < n; next += step) draw.push_back(i);
  }
  // Rounding of the sums may leave the very last draw beyond the end.
  draw.resize(n, last_possible);
  return draw;
}

std::vector<double> normalised_weights(const std::vector<double>& weights, int64_t size,
                                       const std::string& name) {
  if (weights.empty()) return std::vector<double>(size, 1.0 / static_cast<double>(size));
  if (static_cast<int64_t>(weights.size()) != size) {
    fail("there are {} weights for the {} conformations of the {}, expected one for each", weights.size(),
         size, name);
  }
  double total = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!(weights[i] >= 0) || !std::isfinite(weights[i])) {
      fail("weight {} of the {} (counted from 1) is {}, expected a number of zero or more", i + 1, name,
           weights[i]);
    }
    total += weights[i];
  }
  if (!(total > 0) || !std::isfinite(total))
    fail("the weights of the {} sum to {}, expected a positive sum", name, total);
  std::vector<double> shares = weights;
  for (double& w : shares) w /= total;
  return shares;
}

}  // namespace cryomer
