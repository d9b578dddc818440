// A block of threads to a sample.
#include "cryomer/kernels/cuda_kernels.h"
#include "cryomer/kernels/cuda_launch.cuh"

namespace cryomer::cuda {

namespace {

__global__ void restraints_kernel(const DistanceRestraint* restraints, int count, int atoms, const float* positions, float* energies, float* gradients) {
  const int64_t before = 3 * int64_t(blockIdx.x) * atoms;
  float energy = 0;
  for (int r = threadIdx.x; r < count; r += blockDim.x) {
    const detail::RestraintForce found = detail::restraint_force(restraints[r], positions + before);
    energy += found.energy;
    if (!gradients) continue;
    for (int k = 0; k < 3; ++k) {
      atomicAdd(gradients + before + 3 * int64_t(restraints[r].i) + k, found.on_i[k]);
      atomicAdd(gradients + before + 3 * int64_t(restraints[r].j) + k, -found.on_i[k]);
    }
  }
  const float sum = warp_sum(energy);
  if (threadIdx.x % 32 == 0) atomicAdd(energies + blockIdx.x, sum);
}

}  // namespace

void distance_restraints(const DistanceRestraint* restraints, int count, int samples, int atoms, const float* positions,
                         float* energies, float* gradients) {
  if (samples == 0) return;
  check(cudaMemsetAsync(energies, 0, sizeof(float) * size_t(samples)), "clear energies");
  if (gradients) check(cudaMemsetAsync(gradients, 0, 3 * sizeof(float) * size_t(samples) * size_t(atoms)), "clear gradients");
  restraints_kernel<<<unsigned(samples), kThreads>>>(restraints, count, atoms, positions, energies, gradients);
  check_launch("find the energy of restraints");
}

}  // namespace cryomer::cuda
