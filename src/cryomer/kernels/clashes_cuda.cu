// A thread to an atom, which meets all others in tiles of a block: each pair twice, so that no sum over pairs is atomic.
#include "cryomer/kernels/cuda_kernels.h"
#include "cryomer/kernels/cuda_launch.cuh"

namespace cryomer::cuda {

namespace {

__global__ void clashes_kernel(ClashRulesView rules, const float* positions, float* energies, float* gradients) {
  __shared__ float tile[3 * kThreads];
  const int sample = blockIdx.x, atoms = rules.atom_count, i = blockIdx.y * blockDim.x + threadIdx.x;
  const float* const x = positions + 3 * int64_t(sample) * atoms;
  float own[3] = {}, gradient[3] = {}, energy = 0;
  if (i < atoms) {
    for (int k = 0; k < 3; ++k) own[k] = x[3 * i + k];
  }
  for (int first = 0; first < atoms; first += kThreads) {
    const int count = min(kThreads, atoms - first);
    __syncthreads();
    for (int k = threadIdx.x; k < 3 * count; k += blockDim.x) tile[k] = x[3 * first + k];
    __syncthreads();
    if (i >= atoms) continue;
    for (int t = 0; t < count; ++t) {
      if (first + t == i) continue;
      const float d[3] = {own[0] - tile[3 * t], own[1] - tile[3 * t + 1], own[2] - tile[3 * t + 2]};
      const detail::ClashForce found = detail::clash_force(rules, i, first + t, d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
      energy += 0.5f * found.energy;
      for (int k = 0; k < 3; ++k) gradient[k] += found.per_difference * d[k];
    }
  }
  if (gradients && i < atoms) {
    for (int k = 0; k < 3; ++k) gradients[3 * (int64_t(sample) * atoms + i) + k] = gradient[k];
  }
  const float sum = warp_sum(energy);
  if (threadIdx.x % 32 == 0) atomicAdd(energies + sample, sum);
}

}  // namespace

void clashes(const ClashRulesView& rules, int samples, const float* positions, float* energies, float* gradients) {
  if (samples == 0) return;
  check(cudaMemsetAsync(energies, 0, sizeof(float) * size_t(samples)), "clear energies");
  if (rules.atom_count == 0) return;
  clashes_kernel<<<dim3(unsigned(samples), blocks_for(rules.atom_count)), kThreads>>>(rules, positions, energies, gradients);
  check_launch("find clashes");
}

}  // namespace cryomer::cuda
