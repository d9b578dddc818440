// One torsion at a time; see side_chains.h.
#pragma once

#include <cmath>
#include <cstddef>

#include "cryomer/base/host_device.h"
#include "cryomer/kernels/side_chains.h"

namespace cryomer::detail {

struct TorsionAxis {
  float origin[3], direction[3];
};

CRYOMER_HOST_DEVICE inline TorsionAxis axis_of(const Torsion& torsion, const float* positions) {
  const float* from = positions + 3 * size_t(torsion.from);
  const float* about = positions + 3 * size_t(torsion.about);
  TorsionAxis axis;
  for (int k = 0; k < 3; ++k) {
    axis.origin[k] = about[k];
    axis.direction[k] = about[k] - from[k];
  }
  float* const d = axis.direction;
  const float inverse = 1 / std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
  for (int k = 0; k < 3; ++k) d[k] *= inverse;
  return axis;
}

CRYOMER_HOST_DEVICE inline void turn_side_chain(const Torsion& torsion, const int* moved, float angle, float* local) {
  const TorsionAxis axis = axis_of(torsion, local);
  const float* a = axis.direction;
  const float c = std::cos(angle), s = std::sin(angle);
  for (int m = torsion.first_moved; m < torsion.last_moved; ++m) {
    float* x = local + 3 * size_t(moved[m]);
    const float v[3] = {x[0] - axis.origin[0], x[1] - axis.origin[1], x[2] - axis.origin[2]};
    const float along = (1 - c) * (a[0] * v[0] + a[1] * v[1] + a[2] * v[2]);
    x[0] = axis.origin[0] + c * v[0] + s * (a[1] * v[2] - a[2] * v[1]) + along * a[0];
    x[1] = axis.origin[1] + c * v[1] + s * (a[2] * v[0] - a[0] * v[2]) + along * a[1];
    x[2] = axis.origin[2] + c * v[2] + s * (a[0] * v[1] - a[1] * v[0]) + along * a[2];
  }
}

CRYOMER_HOST_DEVICE inline float torsion_gradient(const Torsion& torsion, const int* moved, const float* positions, const float* position_gradient) {
  const TorsionAxis axis = axis_of(torsion, positions);
  float torque[3] = {0, 0, 0};
  for (int m = torsion.first_moved; m < torsion.last_moved; ++m) {
    const float* x = positions + 3 * size_t(moved[m]);
    const float* g = position_gradient + 3 * size_t(moved[m]);
    const float v[3] = {x[0] - axis.origin[0], x[1] - axis.origin[1], x[2] - axis.origin[2]};
    torque[0] += v[1] * g[2] - v[2] * g[1];
    torque[1] += v[2] * g[0] - v[0] * g[2];
    torque[2] += v[0] * g[1] - v[1] * g[0];
  }
  return axis.direction[0] * torque[0] + axis.direction[1] * torque[1] + axis.direction[2] * torque[2];
}

}  // namespace cryomer::detail
