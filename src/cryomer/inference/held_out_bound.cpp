#include "cryomer/inference/held_out_bound.h"

#include <numeric>

namespace cryomer {

std::optional<double> held_out_bound(const TrainedModel& trained, const ParticleStack& stack) {
  constexpr size_t kMost = 512;
  std::vector<int64_t> rows = split_particles(stack.size(), trained.setup.config.data.held_out_fraction).held_out;
  if (rows.empty()) return {};
  rows.resize(std::min(rows.size(), kMost));
  const std::vector<double> bound = infer_posterior_of(rows, trained, stack, true).bound;
  return std::accumulate(bound.begin(), bound.end(), 0.0) / double(bound.size());
}

}  // namespace cryomer
