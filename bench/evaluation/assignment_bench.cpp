// Assignments of n rows: distances between points of 12 dimensions (like RMSDs between ensembles), the same
// with one side shrunk and moved off (a model that is biased and too narrow: harder), rows that are almost
// equal (a collapsed model).
#include "cryomer/evaluation/assignment.h"

#include <benchmark/benchmark.h>

#include <cmath>

#include "cryomer/base/random.h"

namespace cryomer {
namespace {

std::vector<float> distances(int64_t n, double scale, double offset) {
  constexpr int kDimensions = 12;
  Random random(1);
  std::vector<float> x(kDimensions * n), y(kDimensions * n), costs(n * n);
  random.fill_normal(x.data(), x.size());
  random.fill_normal(y.data(), y.size());
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double square = 0;
      for (int k = 0; k < kDimensions; ++k) {
        const double d = scale * x[kDimensions * i + k] - y[kDimensions * j + k] + (k == 0 ? offset : 0);
        square += d * d;
      }
      costs[i * n + j] = static_cast<float>(std::sqrt(square));
    }
  }
  return costs;
}

void solve(benchmark::State& state, const std::vector<float>& costs) {
  for (auto _ : state) benchmark::DoNotOptimize(solve_assignment(costs.data(), state.range(0)).cost);
}

void BM_AssignmentOfEqualDistributions(benchmark::State& state) {
  solve(state, distances(state.range(0), 1, 0));
}
void BM_AssignmentOfANarrowModel(benchmark::State& state) {
  solve(state, distances(state.range(0), 0.3, 3));
}
void BM_AssignmentOfACollapsedModel(benchmark::State& state) {
  solve(state, distances(state.range(0), 1e-3, 1));
}
BENCHMARK(BM_AssignmentOfEqualDistributions)->Arg(512)->Arg(2048)->Arg(4096)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_AssignmentOfANarrowModel)->Arg(512)->Arg(2048)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_AssignmentOfACollapsedModel)->Arg(512)->Arg(2048)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace cryomer
