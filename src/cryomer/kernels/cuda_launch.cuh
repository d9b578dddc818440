// What every kernel launch needs.
#pragma once

#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

namespace cryomer::cuda {

inline void check(cudaError_t status, const char* what) {
  if (status != cudaSuccess) throw std::runtime_error(std::string("the GPU cannot ") + what + ": " + cudaGetErrorString(status));
}

inline void check_launch(const char* what) { check(cudaGetLastError(), what); }

constexpr int kThreads = 256;

inline unsigned blocks_for(int64_t items) { return static_cast<unsigned>((items + kThreads - 1) / kThreads); }

// Sum over a warp, in its first lane.
__device__ inline float warp_sum(float value) {
  for (int distance = 16; distance > 0; distance /= 2) value += __shfl_down_sync(0xffffffffu, value, distance);
  return value;
}

}  // namespace cryomer::cuda
