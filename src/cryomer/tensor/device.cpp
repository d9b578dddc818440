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

bool has_cuda() { return kCudaKernels && torch::cuda::is_available(); }

at::Device device_named(const std::string& name) {
  if (name == "cpu") return at::kCPU;
  if (name == "auto") return has_cuda() ? at::kCUDA : at::kCPU;
  if (name != "cuda") fail_usage("--device {}: unknown.{} Known: auto, cpu, cuda", name, did_you_mean(name, {"auto", "cpu", "cuda"}));
  if (!kCudaKernels) fail_usage("--device cuda: this build has no CUDA kernels. Configure it with -DCRYOMER_CUDA=ON, or use --device cpu");
  if (!at::hasCUDA()) {
    fail_usage("--device cuda: the libtorch of this build has no CUDA. Build against one that has (a PyTorch wheel, for instance), or use --device cpu");
  }
  if (!has_cuda()) fail_usage("--device cuda: no GPU that CUDA can use is found. Is its driver loaded (nvidia-smi)? --device cpu works without");
  return at::kCUDA;
}

}  // namespace cryomer
