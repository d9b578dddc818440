// A block of threads to a sample, a thread to a residue.
#include "cryomer/kernels/cuda_kernels.h"
#include "cryomer/kernels/cuda_launch.cuh"

namespace cryomer::cuda {

namespace {

__global__ void torsions_kernel(const BackboneTorsionRules::Residue* residues, int count, const TorsionRegion* regions, double strength, int atoms,
                                const float* positions, float* energies, float* gradients) {
  const int64_t before = 3 * int64_t(blockIdx.x) * atoms;
  float energy = 0;
  for (int r = threadIdx.x; r < count; r += blockDim.x) {
    const detail::TorsionForce found = detail::torsion_force(residues[r], regions, strength, positions + before);
    energy += float(found.energy);
    if (!gradients || found.energy == 0) continue;
    for (int i = 0; i < 5; ++i) {
      for (int k = 0; k < 3; ++k) atomicAdd(gradients + before + 3 * int64_t(found.atoms[i]) + k, float(found.on[i][k]));
    }
  }
  const float sum = warp_sum(energy);
  if (threadIdx.x % 32 == 0) atomicAdd(energies + blockIdx.x, sum);
}

}  // namespace

void backbone_torsions(const BackboneTorsionRules::Residue* residues, int count, const TorsionRegion* regions, double strength, int samples, int atoms,
                       const float* positions, float* energies, float* gradients) {
  if (samples == 0) return;
  check(cudaMemsetAsync(energies, 0, sizeof(float) * size_t(samples)), "clear energies");
  if (gradients) check(cudaMemsetAsync(gradients, 0, 3 * sizeof(float) * size_t(samples) * size_t(atoms)), "clear gradients");
  torsions_kernel<<<unsigned(samples), kThreads>>>(residues, count, regions, strength, atoms, positions, energies, gradients);
  check_launch("find the energy of backbone torsions");
}

}  // namespace cryomer::cuda
