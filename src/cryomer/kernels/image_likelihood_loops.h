// The loops of image_likelihood.cpp that gain from wide vectors; included by one file per instruction set.
#pragma once

#include <cmath>
#include <cstddef>
#include <initializer_list>

#include "cryomer/base/host_device.h"

namespace cryomer::detail {

struct ProjectionArguments {
  const float *positions, *amplitude, *width;
  int count;
  float rotation[6];  // rows 1 and 2, divided by the pixel size
  float offset_x, offset_y;  // pixels
  float pixel_size;
  float *x, *y, *weight, *falloff;
};

struct SpectrumSums {
  double overlap, power;
};

struct LikelihoodLoops {
  void (*project)(const ProjectionArguments&);
  SpectrumSums (*sums)(const float* f, const float* data, const float* power, int rows, int columns);
  void (*residual)(float* f, const float* data, const float* power, int count, float scale);
  void (*multiply)(float* f, const float* real, int count);
};

extern const LikelihoodLoops likelihood_loops_reference;
extern const LikelihoodLoops likelihood_loops_avx2;
extern const LikelihoodLoops likelihood_loops_avx512;

namespace {

constexpr float kInverseTwoPi = 0.159154943f;

struct Judged {
  double log_likelihood, scale;
};

// With the scale at its most probable value; see image_likelihood.h.
CRYOMER_HOST_DEVICE inline Judged judged(double overlap, double power, double mean, double precision) {
  // A rendering with no power at all (every atom outside) leaves the scale at its prior.
  const double denominator = power + precision;
  const double scale = std::isinf(precision) || denominator <= 0 ? mean : (overlap + precision * mean) / denominator;
  double value = scale * overlap - 0.5 * scale * scale * power;
  if (!std::isinf(precision)) value -= 0.5 * precision * (scale - mean) * (scale - mean);
  return {value, scale};
}

struct Centre {
  float x, y;  // pixels
};

// `rotation`: rows 1 and 2, divided by the pixel size.
CRYOMER_HOST_DEVICE inline Centre projected(const float* rotation, float offset_x, float offset_y, float px, float py, float pz) {
  return {rotation[0] * px + rotation[1] * py + rotation[2] * pz + offset_x, rotation[3] * px + rotation[4] * py + rotation[5] * pz + offset_y};
}

struct BlobShape {
  float weight, falloff;
};

CRYOMER_HOST_DEVICE inline BlobShape blob_shape(float amplitude, float width, float pixel_size) {
  const float inverse_width = pixel_size / width;
  const float inverse_square = inverse_width * inverse_width;
  return {amplitude * kInverseTwoPi * inverse_square, -0.5f * inverse_square};
}

inline void project_atoms(const ProjectionArguments& arguments) {
  const ProjectionArguments p = arguments;
  const float* __restrict position = p.positions;
  float* __restrict x = p.x;
  float* __restrict y = p.y;
  float* __restrict weight = p.weight;
  float* __restrict falloff = p.falloff;
  for (int a = 0; a < p.count; ++a) {
    const Centre centre = projected(p.rotation, p.offset_x, p.offset_y, position[3 * a], position[3 * a + 1], position[3 * a + 2]);
    x[a] = centre.x;
    y[a] = centre.y;
  }
  for (int a = 0; a < p.count; ++a) {
    const BlobShape shape = blob_shape(p.amplitude[a], p.width[a], p.pixel_size);
    weight[a] = shape.weight;
    falloff[a] = shape.falloff;
  }
}

// The columns u = 0 and u = columns / 2 stand for themselves, all others also for their conjugates.
inline SpectrumSums spectrum_sums(const float* f, const float* data, const float* power, int rows, int columns) {
  const int half = columns / 2 + 1;
  double overlap = 0, total_power = 0;
  for (int v = 0; v < rows; ++v) {
    const float* __restrict fr = f + 2 * size_t(half) * v;
    const float* __restrict dr = data + 2 * size_t(half) * v;
    const float* __restrict pr = power + size_t(half) * v;
    float row_overlap = 0, row_power = 0;
#pragma omp simd reduction(+ : row_overlap, row_power)
    for (int u = 0; u < half; ++u) {
      row_overlap += fr[2 * u] * dr[2 * u] + fr[2 * u + 1] * dr[2 * u + 1];
      row_power += pr[u] * (fr[2 * u] * fr[2 * u] + fr[2 * u + 1] * fr[2 * u + 1]);
    }
    float edge_overlap = 0, edge_power = 0;
    for (const int u : {0, half - 1}) {
      edge_overlap += fr[2 * u] * dr[2 * u] + fr[2 * u + 1] * dr[2 * u + 1];
      edge_power += pr[u] * (fr[2 * u] * fr[2 * u] + fr[2 * u + 1] * fr[2 * u + 1]);
    }
    overlap += 2 * row_overlap - edge_overlap;
    total_power += 2 * row_power - edge_power;
  }
  return {overlap, total_power};
}

// f becomes scale * data - scale^2 * power * f
inline void spectrum_residual(float* f, const float* data, const float* power, int count, float scale) {
  const float scale2 = scale * scale;
#pragma omp simd
  for (int k = 0; k < count; ++k) {
    f[2 * k] = scale * data[2 * k] - scale2 * power[k] * f[2 * k];
    f[2 * k + 1] = scale * data[2 * k + 1] - scale2 * power[k] * f[2 * k + 1];
  }
}

inline void spectrum_multiply(float* f, const float* real, int count) {
#pragma omp simd
  for (int k = 0; k < count; ++k) {
    f[2 * k] *= real[k];
    f[2 * k + 1] *= real[k];
  }
}

}  // namespace

}  // namespace cryomer::detail
