// Splatting and its gradient on the size the paper works at: 64 x 64 pixels of 1.2 A, 1656 atoms of 1 A width.
#include "cryomer/kernels/splat.h"

#include <benchmark/benchmark.h>

#include <vector>

#include "cryomer/base/random.h"
#include "cryomer/base/units.h"

namespace cryomer {
namespace {

constexpr int kBox = 64;
constexpr int kAtoms = 1656;
constexpr double kWidth = 1 / 1.2;  // pixels

struct Scene {
  std::vector<float> x, y, weight, falloff;
  std::vector<float> image = std::vector<float>(kBox * kBox), gx = std::vector<float>(kAtoms), gy = gx;

  Scene() {
    // A chain: neighbours 1.5 A apart, kept within 28 A of the centre, as atoms of a protein are.
    Random random(3);
    double p[2] = {0, 0};
    for (int a = 0; a < kAtoms; ++a) {
      for (double& c : p) {
        c += 1.3 * random.normal();
        if (std::abs(c) > 28) c *= 0.9;
      }
      x.push_back(static_cast<float>(p[0] / 1.2 + kBox / 2));
      y.push_back(static_cast<float>(p[1] / 1.2 + kBox / 2));
      weight.push_back(static_cast<float>(1 / (2 * kPi * kWidth * kWidth)));
      falloff.push_back(static_cast<float>(-1 / (2 * kWidth * kWidth)));
    }
  }
  Blobs blobs() const { return {x.data(), y.data(), weight.data(), falloff.data(), x.size()}; }
};

void splat_forward(benchmark::State& state) {
  const auto set = static_cast<InstructionSet>(state.range(0));
  Scene scene;
  for (auto _ : state) {
    std::fill(scene.image.begin(), scene.image.end(), 0.0f);
    splat_blobs(scene.blobs(), splat_window(kWidth), scene.image.data(), kBox, kBox, set);
    benchmark::ClobberMemory();
  }
  state.SetLabel(name_of(set));
}

void splat_forward_and_backward(benchmark::State& state) {
  const auto set = static_cast<InstructionSet>(state.range(0));
  Scene scene;
  for (auto _ : state) {
    std::fill(scene.image.begin(), scene.image.end(), 0.0f);
    splat_blobs(scene.blobs(), splat_window(kWidth), scene.image.data(), kBox, kBox, set);
    splat_blobs_backward(scene.blobs(), splat_window(kWidth), scene.image.data(), kBox, kBox,
                         {scene.gx.data(), scene.gy.data(), nullptr, nullptr}, set);
    benchmark::ClobberMemory();
  }
  state.SetLabel(name_of(set));
}

void for_supported_sets(benchmark::internal::Benchmark* b) {
  for (const InstructionSet set : supported_instruction_sets()) b->Arg(static_cast<int>(set));
  b->Unit(benchmark::kMicrosecond);
}

BENCHMARK(splat_forward)->Apply(for_supported_sets);
BENCHMARK(splat_forward_and_backward)->Apply(for_supported_sets);

}  // namespace
}  // namespace cryomer
