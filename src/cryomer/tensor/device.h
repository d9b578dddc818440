// Which device a model computes on.
#pragma once

#include "cryomer/tensor/tensor.h"

namespace cryomer {

// "cpu", "cuda", or "auto": CUDA where this build, libtorch and the machine have it. Fails, saying what is missing.
at::Device device_named(const std::string& name);
// What keeps this build from using a GPU here, and what to do about it; empty when nothing does.
std::string missing_for_cuda();
inline bool has_cuda() { return missing_for_cuda().empty(); }

// Bytes of plain values, copied to a device.
template <typename Value>
Tensor bytes_on(at::Device device, const std::vector<Value>& values) {
  // from_blob does not write, whatever its signature says.
  const Tensor here = at::from_blob(const_cast<Value*>(values.data()), {int64_t(values.size() * sizeof(Value))}, at::kByte);
  return here.to(device, at::kByte, /*non_blocking=*/device.is_cuda(), /*copy=*/true);
}

}  // namespace cryomer
