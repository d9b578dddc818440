#include "cryomer/inference/held_out_bound.h"

#include <numeric>

namespace cryomer {

std::vector<int64_t> held_out_rows(const TrainedModel& trained, const ParticleStack& stack, int64_t most) {
  const std::vector<int64_t> all = split_particles(stack.size(), trained.setup.config.data.held_out_fraction).held_out;
  std::vector<int64_t> rows;
  for (const int64_t i : spread_rows(int64_t(all.size()), most)) rows.push_back(all[size_t(i)]);
  return rows;
}

std::optional<double> held_out_bound(const TrainedModel& trained, const ParticleStack& stack) {
  const std::vector<int64_t> rows = held_out_rows(trained, stack);
  if (rows.empty()) return {};
  // With the power that makes the bound the highest.
  const std::vector<double> bound = infer_posterior_of(rows, trained, stack, true, Refinement().with_power(1)).bound;
  return std::accumulate(bound.begin(), bound.end(), 0.0) / double(bound.size());
}

}  // namespace cryomer
