// Splatting and its gradient beside the same thing as dense separable products in libtorch, on one core.
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include "../kernels/splat_scene.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {
namespace {

void splat_forward(benchmark::State& state) {
  const auto set = static_cast<InstructionSet>(state.range(0));
  SplatScene scene;
  for (auto _ : state) {
    std::fill(scene.image.begin(), scene.image.end(), 0.0f);
    splat_blobs(scene.blobs(), scene.image.data(), kBox, kBox, set);
    benchmark::ClobberMemory();
  }
  state.SetLabel(name_of(set));
}

void splat_forward_and_backward(benchmark::State& state) {
  const auto set = static_cast<InstructionSet>(state.range(0));
  SplatScene scene;
  for (auto _ : state) {
    std::fill(scene.image.begin(), scene.image.end(), 0.0f);
    splat_blobs(scene.blobs(), scene.image.data(), kBox, kBox, set);
    splat_blobs_backward(scene.blobs(), scene.image.data(), kBox, kBox,
                         {scene.gx.data(), scene.gy.data(), nullptr, nullptr}, set);
    benchmark::ClobberMemory();
  }
  state.SetLabel(name_of(set));
}

// Every atom's Gaussian at every pixel: image = Wy^T Wx with W [atoms, pixels] for each axis.
at::Tensor dense_image(const at::Tensor& x, const at::Tensor& y) {
  const at::Tensor pixels = at::arange(kBox, at::kFloat).unsqueeze(0);
  const double falloff = -1 / (2 * kWidth * kWidth), weight = 1 / (2 * kPi * kWidth * kWidth);
  const at::Tensor wx = at::exp(falloff * (x.unsqueeze(1) - pixels).square());
  const at::Tensor wy = at::exp(falloff * (y.unsqueeze(1) - pixels).square());
  return at::matmul(wy.t(), wx) * weight;
}

at::Tensor tensor_of(const std::vector<float>& values) {
  return at::from_blob(const_cast<float*>(values.data()), {int64_t(values.size())}).clone();
}

void dense_forward(benchmark::State& state) {
  at::set_num_threads(1);
  at::NoGradGuard guard;
  const SplatScene scene;
  const at::Tensor x = tensor_of(scene.x), y = tensor_of(scene.y);
  for (auto _ : state) benchmark::DoNotOptimize(dense_image(x, y).data_ptr());
  state.SetLabel("libtorch");
}

void dense_forward_and_backward(benchmark::State& state) {
  at::set_num_threads(1);
  const SplatScene scene;
  const at::Tensor x = tensor_of(scene.x).requires_grad_(), y = tensor_of(scene.y).requires_grad_();
  for (auto _ : state) {
    const at::Tensor image = dense_image(x, y);
    image.backward(image.detach());
  }
  state.SetLabel("libtorch");
}

void for_supported_sets(benchmark::internal::Benchmark* b) {
  for (const InstructionSet set : supported_instruction_sets()) b->Arg(static_cast<int>(set));
  b->Unit(benchmark::kMicrosecond);
}

BENCHMARK(dense_forward)->Unit(benchmark::kMicrosecond);
BENCHMARK(splat_forward)->Apply(for_supported_sets);
BENCHMARK(dense_forward_and_backward)->Unit(benchmark::kMicrosecond);
BENCHMARK(splat_forward_and_backward)->Apply(for_supported_sets);

}  // namespace
}  // namespace cryomer
