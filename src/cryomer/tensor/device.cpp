#include "cryomer/tensor/device.h"

#include <torch/cuda.h>

#include "cryomer/base/text.h"

namespace cryomer {

namespace {

#ifdef CRYOMER_HAS_CUDA
constexpr bool kCudaKernels = true;
#else
constexpr bool kCudaKernels = false;
#endif

}  // namespace

std::string missing_for_cuda() {
  if (!kCudaKernels) return "this build has no CUDA kernels (configure it with -DCRYOMER_CUDA=ON)";
  if (!at::hasCUDA()) return "the libtorch of this build has no CUDA (build against one that has, a PyTorch wheel for instance)";
  if (!torch::cuda::is_available()) return "no GPU that CUDA can use is found (is its driver loaded? see nvidia-smi)";
  return "";
}

at::Device device_named(const std::string& name) {
  if (name == "cpu") return at::kCPU;
  if (name == "auto") return has_cuda() ? at::kCUDA : at::kCPU;
  if (name != "cuda") fail_usage("--device {}: unknown.{} Known: auto, cpu, cuda", name, did_you_mean(name, {"auto", "cpu", "cuda"}));
  if (!has_cuda()) fail_usage("--device cuda: {}; --device cpu works without", missing_for_cuda());
  return at::kCUDA;
}

}  // namespace cryomer
