// A thread to a residue of a sample.
#include "cryomer/kernels/cuda_kernels.h"
#include "cryomer/kernels/cuda_launch.cuh"
#include "cryomer/kernels/place_atoms_loops.h"
#include "cryomer/kernels/side_chain_turn.h"

namespace cryomer::cuda {

namespace {

struct BaseFrame {
  float rotation[9], origin[3];
};

__device__ BaseFrame base_frame(const Bodies& b, int residue) {
  BaseFrame frame;
  for (int k = 0; k < 9; ++k) frame.rotation[k] = b.rotation[k * b.residue_count + residue];
  for (int k = 0; k < 3; ++k) frame.origin[k] = b.origin[k * b.residue_count + residue];
  return frame;
}

// The residue's atoms in its own frame, side chains turned, into `atoms` [atoms of the molecule][3].
__device__ void turned_atoms(const Bodies& b, int residue, const float* angles, float* atoms) {
  for (int i = 3 * b.first_atom[residue]; i < 3 * b.first_atom[residue + 1]; ++i) atoms[i] = b.local[i];
  if (!angles) return;
  for (int t = b.first_torsion[residue]; t < b.first_torsion[residue + 1]; ++t) detail::turn_side_chain(b.torsions[t], b.moved, angles[t], atoms);
}

template <Movement kMovement>
__global__ void place_kernel(Bodies b, int samples, const float* moves, const float* angles, float* positions) {
  const int64_t item = int64_t(blockIdx.x) * blockDim.x + threadIdx.x;
  if (item >= int64_t(samples) * b.residue_count) return;
  const int64_t sample = item / b.residue_count;
  const int residue = int(item % b.residue_count);
  float* const atoms = positions + 3 * sample * b.atom_count;
  turned_atoms(b, residue, angles ? angles + sample * b.torsion_count : nullptr, atoms);
  const BaseFrame base = base_frame(b, residue);
  const float* const move = moves + item * size_of(kMovement);
  float f[16];
  if constexpr (kMovement == Movement::delta) {
    detail::frames_from_delta(move, base.rotation, base.origin, 1, f);
  } else {
    detail::frames_from_twist(move, base.rotation, base.origin, 1, f);
  }
  for (int a = b.first_atom[residue]; a < b.first_atom[residue + 1]; ++a) {
    float* const x = atoms + 3 * int64_t(a);
    const float l0 = x[0], l1 = x[1], l2 = x[2];
    for (int k = 0; k < 3; ++k) x[k] = f[12 + k] + f[k] * l0 + f[4 + k] * l1 + f[8 + k] * l2;
  }
}

template <Movement kMovement>
__global__ void place_backward_kernel(Bodies b, int samples, const float* moves, const float* angles, const float* positions,
                                      const float* position_gradients, float* scratch, float* move_gradients, float* angle_gradients) {
  const int64_t item = int64_t(blockIdx.x) * blockDim.x + threadIdx.x;
  if (item >= int64_t(samples) * b.residue_count) return;
  const int64_t sample = item / b.residue_count, before = 3 * sample * b.atom_count;
  const int residue = int(item % b.residue_count);
  turned_atoms(b, residue, angles ? angles + sample * b.torsion_count : nullptr, scratch + before);
  // Sums over the atoms of g times local x, y, z and of g itself, as the loops want them.
  float force[16] = {};
  for (int a = b.first_atom[residue]; a < b.first_atom[residue + 1]; ++a) {
    const float* const l = scratch + before + 3 * int64_t(a);
    const float* const g = position_gradients + before + 3 * int64_t(a);
    for (int k = 0; k < 3; ++k) {
      for (int column = 0; column < 3; ++column) force[4 * column + k] += g[k] * l[column];
      force[12 + k] += g[k];
    }
  }
  const BaseFrame base = base_frame(b, residue);
  const int64_t row = item * size_of(kMovement);
  if constexpr (kMovement == Movement::delta) {
    detail::delta_gradient_from_force(moves + row, base.rotation, force, 1, move_gradients + row);
  } else {
    detail::twist_gradient_from_force(moves + row, base.rotation, force, 1, move_gradients + row);
  }
  if (!angles) return;
  for (int t = b.first_torsion[residue]; t < b.first_torsion[residue + 1]; ++t) {
    angle_gradients[sample * b.torsion_count + t] = detail::torsion_gradient(b.torsions[t], b.moved, positions + before, position_gradients + before);
  }
}

}  // namespace

void place_atoms(const Bodies& b, Movement movement, int samples, const float* moves, const float* angles, float* positions) {
  if (samples == 0) return;
  const auto kernel = movement == Movement::delta ? place_kernel<Movement::delta> : place_kernel<Movement::twist>;
  kernel<<<blocks_for(int64_t(samples) * b.residue_count), kThreads>>>(b, samples, moves, angles, positions);
  check_launch("place atoms");
}

void place_atoms_backward(const Bodies& b, Movement movement, int samples, const float* moves, const float* angles,
                          const float* positions, const float* position_gradients, float* scratch, float* move_gradients,
                          float* angle_gradients) {
  if (samples == 0) return;
  const auto kernel = movement == Movement::delta ? place_backward_kernel<Movement::delta> : place_backward_kernel<Movement::twist>;
  kernel<<<blocks_for(int64_t(samples) * b.residue_count), kThreads>>>(b, samples, moves, angles, positions, position_gradients, scratch,
                                                                        move_gradients, angle_gradients);
  check_launch("find gradients of moves");
}

}  // namespace cryomer::cuda
