// EMD-RMSD as `cryomer evaluate` computes it, and its parts: N conformations of A atoms on each side, spread
// like a flexible protein of 20 A radius of gyration. GFLOP/s counts the matrix product alone (18 N^2 A).
#include "cryomer/evaluation/rmsd_matrix.h"

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include <cmath>
#include <thread>

#include "cryomer/base/random.h"
#include "cryomer/evaluation/emd_rmsd.h"
#include "cryomer/geometry/rotation.h"

namespace cryomer {
namespace {

// Ten collective motions of 1 A each and 0.5 A of noise, rotated.
Ensemble flexible(int64_t count, int64_t atoms, uint64_t seed) {
  Random shape(1), random(seed);
  std::vector<float> centre(3 * atoms), modes(10 * 3 * atoms);
  for (float& x : centre) x = static_cast<float>(11.5 * shape.normal());
  shape.fill_normal(modes.data(), modes.size());
  Ensemble ensemble{atoms, std::vector<float>(3 * atoms * count)};
  for (int64_t i = 0; i < count; ++i) {
    double along[10];
    for (double& z : along) z = random.normal() / std::sqrt(3.0);
    const Mat3 rotation = random_rotation(random);
    float* x = ensemble.conformation(i);
    for (int64_t a = 0; a < atoms; ++a) {
      Vec3 p;
      for (int k = 0; k < 3; ++k) {
        p[k] = centre[3 * a + k] + 0.5 * (random.uniform() - 0.5);
        for (int m = 0; m < 10; ++m) p[k] += along[m] * modes[(3 * atoms) * m + 3 * a + k];
      }
      p = rotation * p;
      for (int k = 0; k < 3; ++k) x[3 * a + k] = static_cast<float>(p[k]);
    }
  }
  return ensemble;
}

void use_all_cores() {
  at::set_num_threads(static_cast<int>(std::thread::hardware_concurrency()));
}

void BM_RmsdMatrix(benchmark::State& state) {
  use_all_cores();
  const int64_t n = state.range(0), atoms = state.range(1);
  const Ensemble x = flexible(n, atoms, 2), y = flexible(n, atoms, 3);
  for (auto _ : state) benchmark::DoNotOptimize(rmsd_matrix(x, y).values.data());
  state.counters["GFLOP/s"] = benchmark::Counter(18e-9 * static_cast<double>(n * n * atoms),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_RmsdMatrix)
    ->Args({512, 265})
    ->Args({512, 2100})
    ->Args({2048, 265})
    ->Args({2048, 2100})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// Both matrices, both assignments and the baseline, with a truth large enough for a floor of full size.
void BM_EmdRmsd(benchmark::State& state) {
  use_all_cores();
  const int64_t n = state.range(0), atoms = state.range(1);
  const Ensemble ensemble = flexible(n, atoms, 2), truth = flexible(2 * n, atoms, 3);
  std::vector<int> all(atoms);
  for (int64_t a = 0; a < atoms; ++a) all[a] = static_cast<int>(a);
  for (auto _ : state) {
    benchmark::DoNotOptimize(emd_rmsd(ensemble, truth, truth.conformation(0), all, {}, {n, 0}).value);
  }
}
BENCHMARK(BM_EmdRmsd)->Args({2048, 265})->Args({2048, 2100})->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace cryomer
