// AVX2: windows of 8, 16 or 32 pixels as one, two or four 256-bit pieces a row.
#include "cryomer/kernels/simd_exp.h"
#include "cryomer/kernels/splat_blob.h"

namespace cryomer::detail {

namespace {

struct Factors {
  __m256 distance, factor;
};

// exp(falloff * d^2) for 8 pixels whose first is `start` away from the centre.
inline Factors factors(float start, float falloff) {
  const __m256 lane = _mm256_setr_ps(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256 d = _mm256_add_ps(lane, _mm256_set1_ps(start));
  return {d, exp2_negative(_mm256_mul_ps(_mm256_mul_ps(d, d), _mm256_set1_ps(falloff * kLog2E)))};
}

inline bool inside(const Blobs& b, size_t a, int window, int width, int height, int& left, int& top) {
  if (!is_near_image(b.x[a], b.y[a], window, width, height)) return false;
  left = window_start(b.x[a], window);
  top = window_start(b.y[a], window);
  return static_cast<unsigned>(left) <= static_cast<unsigned>(width - window) &&
         static_cast<unsigned>(top) <= static_cast<unsigned>(height - window);
}

template <int kPieces>
void splat(const Blobs& b, size_t a, float* image, int width, int height) {
  constexpr int kWindow = 8 * kPieces;
  int left = 0, top = 0;
  if (!inside(b, a, kWindow, width, height, left, top)) return splat_blob(b, a, image, width, height);
  __m256 column[kPieces];
  alignas(32) float row_factor[kWindow];
  for (int p = 0; p < kPieces; ++p) {
    const Factors x = factors(left + 8 * p - b.x[a], b.falloff[a]);
    column[p] = _mm256_mul_ps(x.factor, _mm256_set1_ps(b.weight[a]));
    _mm256_store_ps(row_factor + 8 * p, factors(top + 8 * p - b.y[a], b.falloff[a]).factor);
  }
  float* row = image + top * width + left;
  for (int j = 0; j < kWindow; ++j, row += width) {
    const __m256 factor = _mm256_set1_ps(row_factor[j]);
    for (int p = 0; p < kPieces; ++p) {
      _mm256_storeu_ps(row + 8 * p, _mm256_fmadd_ps(column[p], factor, _mm256_loadu_ps(row + 8 * p)));
    }
  }
}

template <int kPieces>
void backward(const Blobs& b, size_t a, const float* g, int width, int height, const BlobGradients& out) {
  constexpr int kWindow = 8 * kPieces;
  int left = 0, top = 0;
  if (!inside(b, a, kWindow, width, height, left, top)) return splat_blob_backward(b, a, g, width, height, out);
  Factors column[kPieces];
  alignas(32) float row_factor[kWindow], row_moment[kWindow], row_second[kWindow];
  for (int p = 0; p < kPieces; ++p) {
    column[p] = factors(left + 8 * p - b.x[a], b.falloff[a]);
    const Factors y = factors(top + 8 * p - b.y[a], b.falloff[a]);
    const __m256 moment = _mm256_mul_ps(y.distance, y.factor);
    _mm256_store_ps(row_factor + 8 * p, y.factor);
    _mm256_store_ps(row_moment + 8 * p, moment);
    _mm256_store_ps(row_second + 8 * p, _mm256_mul_ps(y.distance, moment));
  }
  __m256 zeroth[kPieces] = {}, first[kPieces] = {}, second[kPieces] = {};
  const float* row = g + top * width + left;
  for (int j = 0; j < kWindow; ++j, row += width) {
    for (int p = 0; p < kPieces; ++p) {
      const __m256 values = _mm256_loadu_ps(row + 8 * p);
      zeroth[p] = _mm256_fmadd_ps(values, _mm256_set1_ps(row_factor[j]), zeroth[p]);
      first[p] = _mm256_fmadd_ps(values, _mm256_set1_ps(row_moment[j]), first[p]);
      second[p] = _mm256_fmadd_ps(values, _mm256_set1_ps(row_second[j]), second[p]);
    }
  }
  __m256 sum = _mm256_setzero_ps(), sum_dx = sum, sum_dy = sum, sum_r2 = sum;
  for (int p = 0; p < kPieces; ++p) {
    const __m256 moment = _mm256_mul_ps(column[p].distance, column[p].factor);
    sum = _mm256_fmadd_ps(zeroth[p], column[p].factor, sum);
    sum_dx = _mm256_fmadd_ps(zeroth[p], moment, sum_dx);
    sum_dy = _mm256_fmadd_ps(first[p], column[p].factor, sum_dy);
    sum_r2 = _mm256_fmadd_ps(zeroth[p], _mm256_mul_ps(column[p].distance, moment), sum_r2);
    sum_r2 = _mm256_fmadd_ps(second[p], column[p].factor, sum_r2);
  }
  const float factor = -2 * b.falloff[a] * b.weight[a];
  out.x[a] = factor * horizontal_sum(sum_dx);
  out.y[a] = factor * horizontal_sum(sum_dy);
  if (out.weight) out.weight[a] = horizontal_sum(sum);
  if (out.falloff) out.falloff[a] = b.weight[a] * horizontal_sum(sum_r2);
}

}  // namespace

void splat_blobs_avx2(const Blobs& b, float* image, int width, int height) {
  constexpr size_t kRuns = 8;  // see splat_avx512.cpp
  const size_t length = (b.count + kRuns - 1) / kRuns;
  for (size_t i = 0; i < length; ++i) {
    for (size_t a = i; a < b.count; a += length) {
      switch (blob_window(b.falloff[a])) {
        case 8: splat<1>(b, a, image, width, height); break;
        case 16: splat<2>(b, a, image, width, height); break;
        case 32: splat<4>(b, a, image, width, height); break;
        default: splat_blob(b, a, image, width, height);
      }
    }
  }
}

void splat_blobs_backward_avx2(const Blobs& b, const float* g, int width, int height, const BlobGradients& out) {
  for (size_t a = 0; a < b.count; ++a) {
    switch (blob_window(b.falloff[a])) {
      case 8: backward<1>(b, a, g, width, height, out); break;
      case 16: backward<2>(b, a, g, width, height, out); break;
      case 32: backward<4>(b, a, g, width, height, out); break;
      default: splat_blob_backward(b, a, g, width, height, out);
    }
  }
}

}  // namespace cryomer::detail
