// The exhaustive pose search: scores (image x template x shift) a second, and its share of what this machine's matrix products
// reach, measured in the same run.
#include <benchmark/benchmark.h>

#include <chrono>

#include "cryomer/pose_search/pose_search.h"

namespace cryomer {
namespace {

constexpr int kBox = 64;
constexpr int64_t kAtoms = 1656, kConformations = 4, kImages = 64;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Operations a second of large square products, on all threads.
double product_peak() {
  const at::Tensor a = at::rand({2048, 2048}), b = at::rand({2048, 2048});
  double best = 0;
  for (int i = 0; i < 8; ++i) {
    const auto start = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(at::mm(a, b));
    best = std::max(best, 2.0 * 2048 * 2048 * 2048 / seconds_since(start));
  }
  return best;
}

void pose_search(benchmark::State& state) {
  at::NoGradGuard guard;
  Random random(1);
  at::Tensor positions = at::empty({kConformations, kAtoms, 3});
  random.fill_normal(positions.data_ptr<float>(), size_t(positions.numel()));
  positions *= 12;
  ImageModel model({at::ones({kAtoms}), at::ones({kAtoms})}, kBox, 1.0);
  model.noise.power = at::ones({1, ring_count(kBox)}, at::kDouble);
  model.scale.mean = {0.5};
  model.scale.deviation = {0.1};
  ParticleBatch batch;
  batch.images = at::randn({kImages, kBox, kBox});
  batch.rotation = at::eye(3).expand({kImages, 3, 3}).clone();
  batch.shift = at::zeros({kImages, 2});
  for (int64_t i = 0; i < kImages; ++i) {
    ParticleOptics p;
    p.optics.pixel_size = 1.2;
    p.ctf.defocus_u = p.ctf.defocus_v = 5000;
    batch.optics.push_back(p);
    batch.optics_group.push_back(0);
    batch.particle.push_back(i);
  }
  PoseGrid grid;
  grid.shift_range = 5;
  grid.shift_step = 2.5;
  grid.resolution = double(state.range(0));
  const PoseSearch search(model, positions, 1.2, grid);
  const double peak = product_peak();
  double seconds = 0;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(search.search(batch, 12));
    seconds += seconds_since(start);
  }
  const double pairs = double(kImages) * double(search.template_count()) * double(state.iterations());
  const double scores = pairs * double(search.shift_count());
  const double operations = scores * 4 * double(search.coefficient_count()) + pairs * 2 * double(search.coefficient_count());
  state.counters["scores_per_second"] = scores / seconds;
  state.counters["coefficients"] = double(search.coefficient_count());
  state.counters["share_of_peak"] = operations / seconds / peak;
}
BENCHMARK(pose_search)->Arg(12)->Arg(9)->Arg(7)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace cryomer
