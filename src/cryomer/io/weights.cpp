#include "cryomer/io/weights.h"

#include <cmath>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/text.h"

namespace cryomer {

std::vector<double> read_weights(const std::string& path, int64_t count, const std::string& states) {
  std::vector<double> weights;
  double total = 0;
  int64_t line = 0;
  for (const std::string& row : split(read_file(path), '\n')) {
    ++line;
    const std::string_view text = trimmed(row);
    if (text.empty() || text.front() == '#') continue;
    const auto weight = parse_double(text);
    if (!weight) fail("{}, line {}: '{}' is not a number; expected one weight a line", path, line, text.substr(0, 60));
    if (!std::isfinite(*weight) || *weight < 0) {
      fail("{}, line {}: a weight is {}, expected a finite number, zero or more", path, line, *weight);
    }
    weights.push_back(*weight);
    total += *weight;
  }
  if (static_cast<int64_t>(weights.size()) != count) {
    fail("{} has {} weights for the {} states of {}, expected one weight for each state, one a line", path, weights.size(),
         count, states);
  }
  if (!(total > 0) || !std::isfinite(total)) fail("{}: the weights sum to {}, expected a positive sum", path, total);
  return weights;
}

}  // namespace cryomer
