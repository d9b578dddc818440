// Loops of place_atoms.cpp; included by one file per instruction set. Arrays named [k][n] hold component k of all
// residues together, so that the loops over residues are vector loops.
#pragma once

#include <cmath>
#include <cstddef>

namespace cryomer::detail {

struct PlacementLoops {
  void (*transpose_in)(const float* rows, int n, float* components);
  void (*transpose_out)(const float* components, int n, float* rows);
  void (*frames)(const float* delta, const float* rotation, const float* origin, int n, float* frames);
  void (*delta_gradient)(const float* delta, const float* rotation, const float* force, int n, float* gradient);
};

extern const PlacementLoops placement_loops_reference;
extern const PlacementLoops placement_loops_avx2;
extern const PlacementLoops placement_loops_avx512;

namespace {

inline void transpose_in(const float* __restrict rows, int n, float* __restrict components) {
  for (int k = 0; k < 9; ++k) {
    for (int i = 0; i < n; ++i) components[k * n + i] = rows[9 * i + k];
  }
}

inline void transpose_out(const float* __restrict components, int n, float* __restrict rows) {
  for (int i = 0; i < n; ++i) {
    for (int k = 0; k < 9; ++k) rows[9 * i + k] = components[k * n + i];
  }
}

// The orthonormal basis of one residue and what its derivative needs.
struct Basis {
  float e1[3], e2[3], e3[3];
  float inverse_norm1, inverse_norm2, overlap;  // 1/|v1|, 1/|u2|, e1 . v2
};

inline Basis gram_schmidt(const float* delta, int n, int i) {
  Basis b;
  const float v1[3] = {1 + delta[3 * n + i], delta[4 * n + i], delta[5 * n + i]};
  const float v2[3] = {delta[6 * n + i], 1 + delta[7 * n + i], delta[8 * n + i]};
  b.inverse_norm1 = 1 / std::sqrt(v1[0] * v1[0] + v1[1] * v1[1] + v1[2] * v1[2]);
  for (int k = 0; k < 3; ++k) b.e1[k] = v1[k] * b.inverse_norm1;
  b.overlap = b.e1[0] * v2[0] + b.e1[1] * v2[1] + b.e1[2] * v2[2];
  float u2[3];
  for (int k = 0; k < 3; ++k) u2[k] = v2[k] - b.overlap * b.e1[k];
  b.inverse_norm2 = 1 / std::sqrt(u2[0] * u2[0] + u2[1] * u2[1] + u2[2] * u2[2]);
  for (int k = 0; k < 3; ++k) b.e2[k] = u2[k] * b.inverse_norm2;
  b.e3[0] = b.e1[1] * b.e2[2] - b.e1[2] * b.e2[1];
  b.e3[1] = b.e1[2] * b.e2[0] - b.e1[0] * b.e2[2];
  b.e3[2] = b.e1[0] * b.e2[1] - b.e1[1] * b.e2[0];
  return b;
}

// frames [residues][16]: the columns of B R and the new origin, each padded to four floats.
inline void frames_from_delta(const float* __restrict delta, const float* __restrict rotation,
                              const float* __restrict origin, int n, float* __restrict frames) {
#pragma omp simd
  for (int i = 0; i < n; ++i) {
    const Basis b = gram_schmidt(delta, n, i);
    for (int row = 0; row < 3; ++row) {
      const float r0 = rotation[(3 * row) * n + i], r1 = rotation[(3 * row + 1) * n + i],
                  r2 = rotation[(3 * row + 2) * n + i];
      frames[16 * i + row] = r0 * b.e1[0] + r1 * b.e1[1] + r2 * b.e1[2];
      frames[16 * i + 4 + row] = r0 * b.e2[0] + r1 * b.e2[1] + r2 * b.e2[2];
      frames[16 * i + 8 + row] = r0 * b.e3[0] + r1 * b.e3[1] + r2 * b.e3[2];
      frames[16 * i + 12 + row] =
          r0 * delta[i] + r1 * delta[n + i] + r2 * delta[2 * n + i] + origin[row * n + i];
    }
  }
}

// force [residues][16]: sum over the residue's atoms of g times local x, y, z (three columns of four) and of g itself.
inline void delta_gradient_from_force(const float* __restrict delta, const float* __restrict rotation,
                                      const float* __restrict force, int n, float* __restrict gradient) {
#pragma omp simd
  for (int i = 0; i < n; ++i) {
    const Basis b = gram_schmidt(delta, n, i);
    float d1[3], d2[3], d3[3];
    for (int k = 0; k < 3; ++k) {
      // Row k of B transposed.
      const float r0 = rotation[k * n + i], r1 = rotation[(3 + k) * n + i], r2 = rotation[(6 + k) * n + i];
      d1[k] = r0 * force[16 * i] + r1 * force[16 * i + 1] + r2 * force[16 * i + 2];
      d2[k] = r0 * force[16 * i + 4] + r1 * force[16 * i + 5] + r2 * force[16 * i + 6];
      d3[k] = r0 * force[16 * i + 8] + r1 * force[16 * i + 9] + r2 * force[16 * i + 10];
      gradient[k * n + i] = r0 * force[16 * i + 12] + r1 * force[16 * i + 13] + r2 * force[16 * i + 14];
    }
    // e3 = e1 x e2
    d1[0] += b.e2[1] * d3[2] - b.e2[2] * d3[1];
    d1[1] += b.e2[2] * d3[0] - b.e2[0] * d3[2];
    d1[2] += b.e2[0] * d3[1] - b.e2[1] * d3[0];
    d2[0] += d3[1] * b.e1[2] - d3[2] * b.e1[1];
    d2[1] += d3[2] * b.e1[0] - d3[0] * b.e1[2];
    d2[2] += d3[0] * b.e1[1] - d3[1] * b.e1[0];
    // e2 = u2 / |u2|, u2 = v2 - (e1 . v2) e1
    const float along2 = b.e2[0] * d2[0] + b.e2[1] * d2[1] + b.e2[2] * d2[2];
    float du2[3];
    for (int k = 0; k < 3; ++k) du2[k] = (d2[k] - along2 * b.e2[k]) * b.inverse_norm2;
    const float along1 = b.e1[0] * du2[0] + b.e1[1] * du2[1] + b.e1[2] * du2[2];
    const float v2[3] = {delta[6 * n + i], 1 + delta[7 * n + i], delta[8 * n + i]};
    for (int k = 0; k < 3; ++k) {
      gradient[(6 + k) * n + i] = du2[k] - along1 * b.e1[k];
      d1[k] -= b.overlap * du2[k] + along1 * v2[k];
    }
    // e1 = v1 / |v1|
    const float along = b.e1[0] * d1[0] + b.e1[1] * d1[1] + b.e1[2] * d1[2];
    for (int k = 0; k < 3; ++k) gradient[(3 + k) * n + i] = (d1[k] - along * b.e1[k]) * b.inverse_norm1;
  }
}

}  // namespace

}  // namespace cryomer::detail
