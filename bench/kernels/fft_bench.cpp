#include "cryomer/kernels/fft.h"

#include <benchmark/benchmark.h>

#include <vector>

namespace cryomer {
namespace {

void real_fft_there_and_back(benchmark::State& state) {
  const int n = static_cast<int>(state.range(0));
  const auto set = static_cast<InstructionSet>(state.range(1));
  std::vector<float> image(n * n, 1.0f), spectrum(n * (n / 2 + 1) * 2);
  for (auto _ : state) {
    real_fft(image.data(), n, n, spectrum.data(), set);
    inverse_real_fft(spectrum.data(), n, n, image.data(), set);
    for (float& v : image) v *= 1.0f / (n * n);
    benchmark::ClobberMemory();
  }
  state.SetLabel(name_of(set));
}
BENCHMARK(real_fft_there_and_back)->ArgsProduct({{64, 96, 128}, {0, 1, 2}})->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace cryomer
