// Loops of place_atoms.cpp; included by one file per instruction set. Arrays named [k][n] hold component k of all
// residues together, so that the loops over residues are vector loops. A CUDA thread calls them with one residue (n = 1).
#pragma once

#include <cmath>
#include <cstddef>

#include "cryomer/base/host_device.h"

namespace cryomer::detail {

struct PlacementLoops {
  void (*transpose_in)(const float* rows, int n, int size, float* components);
  void (*transpose_out)(const float* components, int n, int size, float* rows);
  void (*frames_from_delta)(const float* delta, const float* rotation, const float* origin, int n, float* frames);
  void (*delta_gradient)(const float* delta, const float* rotation, const float* force, int n, float* gradient);
  void (*frames_from_twist)(const float* twist, const float* rotation, const float* origin, int n, float* frames);
  void (*twist_gradient)(const float* twist, const float* rotation, const float* force, int n, float* gradient);
};

extern const PlacementLoops placement_loops_reference;
extern const PlacementLoops placement_loops_avx2;
extern const PlacementLoops placement_loops_avx512;

namespace {

inline void transpose_in(const float* __restrict rows, int n, int size, float* __restrict components) {
  for (int k = 0; k < size; ++k) {
    for (int i = 0; i < n; ++i) components[k * n + i] = rows[size * i + k];
  }
}

inline void transpose_out(const float* __restrict components, int n, int size, float* __restrict rows) {
  for (int i = 0; i < n; ++i) {
    for (int k = 0; k < size; ++k) rows[size * i + k] = components[k * n + i];
  }
}

// The orthonormal basis of one residue and what its derivative needs.
struct Basis {
  float e1[3], e2[3], e3[3];
  float inverse_norm1, inverse_norm2, overlap;  // 1/|v1|, 1/|u2|, e1 . v2
};

CRYOMER_HOST_DEVICE inline Basis gram_schmidt(const float* delta, int n, int i) {
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
CRYOMER_HOST_DEVICE inline void frames_from_delta(const float* __restrict delta, const float* __restrict rotation,
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
CRYOMER_HOST_DEVICE inline void delta_gradient_from_force(const float* __restrict delta, const float* __restrict rotation,
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

// Rotation columns (r[3 * column + row]) and translation of one residue's screw motion.
struct Screw {
  float a[3], v[3], s, r[9], t[3];
};

CRYOMER_HOST_DEVICE inline Screw cayley(const float* twist, int n, int i) {
  Screw m;
  for (int k = 0; k < 3; ++k) {
    m.v[k] = twist[k * n + i];
    m.a[k] = 0.5f * twist[(3 + k) * n + i];
  }
  const float x = m.a[0], y = m.a[1], z = m.a[2];
  m.s = 1 / (1 + x * x + y * y + z * z);
  const float q = 2 * m.s;
  m.r[0] = 1 - q * (y * y + z * z);
  m.r[1] = q * (z + x * y);
  m.r[2] = q * (x * z - y);
  m.r[3] = q * (x * y - z);
  m.r[4] = 1 - q * (x * x + z * z);
  m.r[5] = q * (x + y * z);
  m.r[6] = q * (y + x * z);
  m.r[7] = q * (y * z - x);
  m.r[8] = 1 - q * (x * x + y * y);
  const float along = x * m.v[0] + y * m.v[1] + z * m.v[2];
  m.t[0] = m.s * (m.v[0] + y * m.v[2] - z * m.v[1] + x * along);
  m.t[1] = m.s * (m.v[1] + z * m.v[0] - x * m.v[2] + y * along);
  m.t[2] = m.s * (m.v[2] + x * m.v[1] - y * m.v[0] + z * along);
  return m;
}

CRYOMER_HOST_DEVICE inline void frames_from_twist(const float* __restrict twist, const float* __restrict rotation,
                              const float* __restrict origin, int n, float* __restrict frames) {
#pragma omp simd
  for (int i = 0; i < n; ++i) {
    const Screw m = cayley(twist, n, i);
    for (int row = 0; row < 3; ++row) {
      const float r0 = rotation[(3 * row) * n + i], r1 = rotation[(3 * row + 1) * n + i],
                  r2 = rotation[(3 * row + 2) * n + i];
      for (int column = 0; column < 3; ++column) {
        frames[16 * i + 4 * column + row] = r0 * m.r[3 * column] + r1 * m.r[3 * column + 1] + r2 * m.r[3 * column + 2];
      }
      frames[16 * i + 12 + row] = r0 * m.t[0] + r1 * m.t[1] + r2 * m.t[2] + origin[row * n + i];
    }
  }
}

CRYOMER_HOST_DEVICE inline void twist_gradient_from_force(const float* __restrict twist, const float* __restrict rotation,
                                      const float* __restrict force, int n, float* __restrict gradient) {
#pragma omp simd
  for (int i = 0; i < n; ++i) {
    const Screw m = cayley(twist, n, i);
    // Gradients with respect to the columns of R and to t, in the residue's own frame.
    float d[9], g[3];
    for (int k = 0; k < 3; ++k) {
      const float r0 = rotation[k * n + i], r1 = rotation[(3 + k) * n + i], r2 = rotation[(6 + k) * n + i];
      for (int column = 0; column < 3; ++column) {
        const float* f = force + 16 * i + 4 * column;
        d[3 * column + k] = r0 * f[0] + r1 * f[1] + r2 * f[2];
      }
      g[k] = r0 * force[16 * i + 12] + r1 * force[16 * i + 13] + r2 * force[16 * i + 14];
    }
    // A rotation by a small p changes the columns by p x r: the torque is the sum of r x d.
    float torque[3] = {0, 0, 0};
    for (int column = 0; column < 3; ++column) {
      const float* r = m.r + 3 * column;
      const float* e = d + 3 * column;
      torque[0] += r[1] * e[2] - r[2] * e[1];
      torque[1] += r[2] * e[0] - r[0] * e[2];
      torque[2] += r[0] * e[1] - r[1] * e[0];
    }
    const float x = m.a[0], y = m.a[1], z = m.a[2];
    const float g_along = g[0] * x + g[1] * y + g[2] * z, v_along = m.v[0] * x + m.v[1] * y + m.v[2] * z;
    const float g_t = g[0] * m.t[0] + g[1] * m.t[1] + g[2] * m.t[2];
    // v: s (g + g x a + a (a . g))
    gradient[i] = m.s * (g[0] + g[1] * z - g[2] * y + x * g_along);
    gradient[n + i] = m.s * (g[1] + g[2] * x - g[0] * z + y * g_along);
    gradient[2 * n + i] = m.s * (g[2] + g[0] * y - g[1] * x + z * g_along);
    // a: through t, s (v x g + g (a . v) + v (a . g)) - 2 s a (g . t); through R, 2 s (torque - a x torque)
    const float vxg[3] = {m.v[1] * g[2] - m.v[2] * g[1], m.v[2] * g[0] - m.v[0] * g[2], m.v[0] * g[1] - m.v[1] * g[0]};
    const float axt[3] = {y * torque[2] - z * torque[1], z * torque[0] - x * torque[2], x * torque[1] - y * torque[0]};
    for (int k = 0; k < 3; ++k) {
      const float through_t = m.s * (vxg[k] + g[k] * v_along + m.v[k] * g_along - 2 * m.a[k] * g_t);
      gradient[(3 + k) * n + i] = 0.5f * (through_t + 2 * m.s * (torque[k] - axt[k]));
    }
  }
}

}  // namespace

}  // namespace cryomer::detail
