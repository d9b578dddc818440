// AVX-512. Blobs are prepared sixteen at a time (window corner, distance of its first pixel, whether it lies inside).
// For an 8-pixel window one 16-lane exponential then gives the column factors (low half) and the row factors (high half)
// of a blob and rows are 256-bit; for wider windows rows are one or two 512-bit pieces.
#include "cryomer/kernels/simd_exp.h"
#include "cryomer/kernels/splat_blob.h"

namespace cryomer::detail {

namespace {

// Blobs that follow each other along the chain overlap on the grid, and a load that straddles a recent store waits for
// it. A batch therefore takes every length-th blob.
struct Batch {
  alignas(64) float start_x[16], start_y[16];  // first pixel minus centre
  alignas(64) float falloff[16];               // in powers of two
  alignas(64) int corner[16];                  // offset of the window's first pixel in the image
  alignas(64) int window[16];                  // 8, 16 or 32
  __mmask16 inside;
  int count;
  size_t first, stride;

  size_t blob(int lane) const { return first + stride * static_cast<size_t>(lane); }
  bool is_inside(int lane) const { return inside >> lane & 1; }
};

inline size_t batches(size_t count) { return (count + 15) / 16; }

inline void prepare(const Blobs& b, size_t index, int width, int height, Batch& batch) {
  batch.stride = batches(b.count);
  batch.first = index;
  batch.count = static_cast<int>((b.count - index + batch.stride - 1) / batch.stride);
  const __mmask16 used = static_cast<__mmask16>((1u << batch.count) - 1);
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i offsets = _mm512_mullo_epi32(lanes, _mm512_set1_epi32(static_cast<int>(batch.stride)));
  const __m512 zero = _mm512_setzero_ps();
  const __m512 x = _mm512_mask_i32gather_ps(zero, used, offsets, b.x + index, 4);
  const __m512 y = _mm512_mask_i32gather_ps(zero, used, offsets, b.y + index, 4);
  const __m512 falloff = _mm512_mask_i32gather_ps(zero, used, offsets, b.falloff + index, 4);
  const auto within = [&](int window) { return _mm512_cmp_ps_mask(falloff, _mm512_set1_ps(window_limit(window)), _CMP_LE_OQ); };
  const __m512i window = _mm512_mask_blend_epi32(within(8), _mm512_mask_blend_epi32(within(16), _mm512_set1_epi32(32), _mm512_set1_epi32(16)),
                                                 _mm512_set1_epi32(8));
  const __m512 size = _mm512_cvtepi32_ps(window);
  const __m512 before_centre = _mm512_fmsub_ps(size, _mm512_set1_ps(0.5f), _mm512_set1_ps(1));
  const __m512 left = _mm512_sub_ps(_mm512_floor_ps(x), before_centre);
  const __m512 top = _mm512_sub_ps(_mm512_floor_ps(y), before_centre);
  // Compared as floats, so that a NaN or a huge value counts as outside.
  const __mmask16 columns = _mm512_cmp_ps_mask(left, zero, _CMP_GE_OQ) &
                            _mm512_cmp_ps_mask(_mm512_add_ps(left, size), _mm512_set1_ps(static_cast<float>(width)), _CMP_LE_OQ);
  const __mmask16 rows = _mm512_cmp_ps_mask(top, zero, _CMP_GE_OQ) &
                         _mm512_cmp_ps_mask(_mm512_add_ps(top, size), _mm512_set1_ps(static_cast<float>(height)), _CMP_LE_OQ);
  batch.inside = columns & rows & used & within(32);
  _mm512_store_si512(batch.window, window);
  _mm512_store_ps(batch.start_x, _mm512_sub_ps(left, x));
  _mm512_store_ps(batch.start_y, _mm512_sub_ps(top, y));
  _mm512_store_ps(batch.falloff, _mm512_mul_ps(falloff, _mm512_set1_ps(kLog2E)));
  _mm512_store_si512(batch.corner, _mm512_cvttps_epi32(_mm512_fmadd_ps(top, _mm512_set1_ps(static_cast<float>(width)), left)));
}

// Distances of the window's 8 columns (low half) and 8 rows (high half) from the centre.
inline __m512 distances8(const Batch& batch, int lane) {
  const __m512 pixel = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7);
  return _mm512_add_ps(pixel, _mm512_mask_blend_ps(0xFF00, _mm512_set1_ps(batch.start_x[lane]), _mm512_set1_ps(batch.start_y[lane])));
}

inline __m512 gaussian(__m512 distance, float falloff) {
  return exp2_negative(_mm512_mul_ps(_mm512_mul_ps(distance, distance), _mm512_set1_ps(falloff)));
}

inline __m512 distances16(float start) {
  const __m512 pixel = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return _mm512_add_ps(pixel, _mm512_set1_ps(start));
}

inline void splat8(const Batch& batch, int lane, float weight, float* image, int width) {
  const __m512 e = gaussian(distances8(batch, lane), batch.falloff[lane]);
  alignas(32) float row_factor[8];
  _mm256_store_ps(row_factor, _mm512_extractf32x8_ps(e, 1));
  const __m256 column_factor = _mm256_mul_ps(_mm512_castps512_ps256(e), _mm256_set1_ps(weight));
  float* row = image + batch.corner[lane];
#pragma GCC unroll 8
  for (int j = 0; j < 8; ++j, row += width) {
    _mm256_storeu_ps(row, _mm256_fmadd_ps(column_factor, _mm256_set1_ps(row_factor[j]), _mm256_loadu_ps(row)));
  }
}

template <int kPieces>
inline void splat_wide(const Batch& batch, int lane, float weight, float* image, int width) {
  __m512 column_factor[kPieces];
  alignas(64) float row_factor[16 * kPieces];
  for (int p = 0; p < kPieces; ++p) {
    column_factor[p] = _mm512_mul_ps(gaussian(distances16(batch.start_x[lane] + 16 * p), batch.falloff[lane]), _mm512_set1_ps(weight));
    _mm512_store_ps(row_factor + 16 * p, gaussian(distances16(batch.start_y[lane] + 16 * p), batch.falloff[lane]));
  }
  float* row = image + batch.corner[lane];
  for (int j = 0; j < 16 * kPieces; ++j, row += width) {
    const __m512 factor = _mm512_set1_ps(row_factor[j]);
    for (int p = 0; p < kPieces; ++p) {
      _mm512_storeu_ps(row + 16 * p, _mm512_fmadd_ps(column_factor[p], factor, _mm512_loadu_ps(row + 16 * p)));
    }
  }
}

// Sums of the gradient in the window times the blob's factor and 1, dx, dy, r^2.
struct Moments {
  float sum = 0, sum_dx = 0, sum_dy = 0, sum_r2 = 0;
};

template <bool kWidths>
inline Moments moments8(const Batch& batch, int lane, const float* g, int width) {
  const __m512 d = distances8(batch, lane);
  const __m512 e = gaussian(d, batch.falloff[lane]);
  const __m512 de = _mm512_mul_ps(d, e);
  alignas(64) float row_factor[8], row_moment[8], row_second[8];
  _mm256_store_ps(row_factor, _mm512_extractf32x8_ps(e, 1));
  _mm256_store_ps(row_moment, _mm512_extractf32x8_ps(de, 1));
  if (kWidths) _mm256_store_ps(row_second, _mm512_extractf32x8_ps(_mm512_mul_ps(d, de), 1));
  const float* row = g + batch.corner[lane];
  // Two chains for each sum hide the latency of the additions.
  __m256 zeroth[2] = {}, first[2] = {}, second[2] = {};
#pragma GCC unroll 8
  for (int j = 0; j < 8; ++j, row += width) {
    const __m256 values = _mm256_loadu_ps(row);
    zeroth[j % 2] = _mm256_fmadd_ps(values, _mm256_set1_ps(row_factor[j]), zeroth[j % 2]);
    first[j % 2] = _mm256_fmadd_ps(values, _mm256_set1_ps(row_moment[j]), first[j % 2]);
    if (kWidths) second[j % 2] = _mm256_fmadd_ps(values, _mm256_set1_ps(row_second[j]), second[j % 2]);
  }
  const __m256 zero_sum = _mm256_add_ps(zeroth[0], zeroth[1]), first_sum = _mm256_add_ps(first[0], first[1]);
  const __m256 column_factor = _mm512_castps512_ps256(e), column_moment = _mm512_castps512_ps256(de);
  Moments m;
  m.sum_dx = horizontal_sum(_mm256_mul_ps(zero_sum, column_moment));
  m.sum_dy = horizontal_sum(_mm256_mul_ps(first_sum, column_factor));
  if (kWidths) {
    const __m256 second_sum = _mm256_add_ps(second[0], second[1]);
    const __m256 column_second = _mm512_castps512_ps256(_mm512_mul_ps(d, de));
    m.sum = horizontal_sum(_mm256_mul_ps(zero_sum, column_factor));
    m.sum_r2 = horizontal_sum(_mm256_fmadd_ps(zero_sum, column_second, _mm256_mul_ps(second_sum, column_factor)));
  }
  return m;
}

template <int kPieces>
inline Moments moments_wide(const Batch& batch, int lane, const float* g, int width) {
  __m512 column_factor[kPieces], column_moment[kPieces], column_second[kPieces];
  alignas(64) float row_factor[16 * kPieces], row_moment[16 * kPieces], row_second[16 * kPieces];
  for (int p = 0; p < kPieces; ++p) {
    const __m512 dx = distances16(batch.start_x[lane] + 16 * p), dy = distances16(batch.start_y[lane] + 16 * p);
    column_factor[p] = gaussian(dx, batch.falloff[lane]);
    column_moment[p] = _mm512_mul_ps(dx, column_factor[p]);
    column_second[p] = _mm512_mul_ps(dx, column_moment[p]);
    const __m512 factor = gaussian(dy, batch.falloff[lane]), moment = _mm512_mul_ps(dy, factor);
    _mm512_store_ps(row_factor + 16 * p, factor);
    _mm512_store_ps(row_moment + 16 * p, moment);
    _mm512_store_ps(row_second + 16 * p, _mm512_mul_ps(dy, moment));
  }
  const float* row = g + batch.corner[lane];
  __m512 zeroth[kPieces] = {}, first[kPieces] = {}, second[kPieces] = {};
  for (int j = 0; j < 16 * kPieces; ++j, row += width) {
    for (int p = 0; p < kPieces; ++p) {
      const __m512 values = _mm512_loadu_ps(row + 16 * p);
      zeroth[p] = _mm512_fmadd_ps(values, _mm512_set1_ps(row_factor[j]), zeroth[p]);
      first[p] = _mm512_fmadd_ps(values, _mm512_set1_ps(row_moment[j]), first[p]);
      second[p] = _mm512_fmadd_ps(values, _mm512_set1_ps(row_second[j]), second[p]);
    }
  }
  __m512 sum = _mm512_setzero_ps(), sum_dx = sum, sum_dy = sum, sum_r2 = sum;
  for (int p = 0; p < kPieces; ++p) {
    sum = _mm512_fmadd_ps(zeroth[p], column_factor[p], sum);
    sum_dx = _mm512_fmadd_ps(zeroth[p], column_moment[p], sum_dx);
    sum_dy = _mm512_fmadd_ps(first[p], column_factor[p], sum_dy);
    sum_r2 = _mm512_fmadd_ps(zeroth[p], column_second[p], _mm512_fmadd_ps(second[p], column_factor[p], sum_r2));
  }
  return {_mm512_reduce_add_ps(sum), _mm512_reduce_add_ps(sum_dx), _mm512_reduce_add_ps(sum_dy), _mm512_reduce_add_ps(sum_r2)};
}

template <bool kWidths>
Moments moments(const Batch& batch, int lane, const float* g, int width) {
  if (batch.window[lane] == 8) return moments8<kWidths>(batch, lane, g, width);
  return batch.window[lane] == 16 ? moments_wide<1>(batch, lane, g, width) : moments_wide<2>(batch, lane, g, width);
}

template <bool kWidths>
void backward(const Blobs& b, const float* g, int width, int height, const BlobGradients& out) {
  Batch batch;
  for (size_t index = 0; index < batches(b.count); ++index) {
    prepare(b, index, width, height, batch);
    for (int lane = 0; lane < batch.count; ++lane) {
      const size_t a = batch.blob(lane);
      if (!batch.is_inside(lane)) {
        splat_blob_backward(b, a, g, width, height, out);
        continue;
      }
      const Moments m = moments<kWidths>(batch, lane, g, width);
      const float factor = -2 * b.falloff[a] * b.weight[a];
      out.x[a] = factor * m.sum_dx;
      out.y[a] = factor * m.sum_dy;
      if (kWidths && out.weight) out.weight[a] = m.sum;
      if (kWidths && out.falloff) out.falloff[a] = b.weight[a] * m.sum_r2;
    }
  }
}

}  // namespace

void splat_blobs_avx512(const Blobs& blobs, float* image, int width, int height) {
  const Blobs b = blobs;  // a local copy: the compiler need not fear that the image overlaps the pointers
  Batch batch;
  for (size_t index = 0; index < batches(b.count); ++index) {
    prepare(b, index, width, height, batch);
    for (int lane = 0; lane < batch.count; ++lane) {
      const size_t a = batch.blob(lane);
      if (!batch.is_inside(lane)) {
        splat_blob(b, a, image, width, height);
      } else if (batch.window[lane] == 8) {
        splat8(batch, lane, b.weight[a], image, width);
      } else if (batch.window[lane] == 16) {
        splat_wide<1>(batch, lane, b.weight[a], image, width);
      } else {
        splat_wide<2>(batch, lane, b.weight[a], image, width);
      }
    }
  }
}

void splat_blobs_backward_avx512(const Blobs& b, const float* g, int width, int height, const BlobGradients& out) {
  out.weight || out.falloff ? backward<true>(b, g, width, height, out) : backward<false>(b, g, width, height, out);
}

}  // namespace cryomer::detail
