// 2^t for t <= 0 in AVX2 and AVX-512: round to an integer, a polynomial for the rest on [-1/2, 1/2] (Taylor series of
// exp(t ln 2) to degree 6, relative error 2e-7), then scale by the power of two. Included only by files compiled for
// the instruction set.
#pragma once

#include <immintrin.h>

namespace cryomer::detail {

inline constexpr float kLog2E = 1.44269504088896341f;
// ln(2)^n / n!
inline constexpr float kExp2Coefficients[7] = {1.0f,          6.9314718e-1f, 2.4022651e-1f, 5.5504109e-2f,
                                               9.6181291e-3f, 1.3333558e-3f, 1.5403530e-4f};

#ifdef __AVX512F__
inline __m512 exp2_negative(__m512 t) {
  const __m512 whole = _mm512_roundscale_ps(t, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 rest = _mm512_sub_ps(t, whole);
  __m512 p = _mm512_set1_ps(kExp2Coefficients[6]);
  for (int n = 5; n >= 0; --n) p = _mm512_fmadd_ps(p, rest, _mm512_set1_ps(kExp2Coefficients[n]));
  return _mm512_scalef_ps(p, whole);
}
#endif

inline __m256 exp2_negative(__m256 t) {
  t = _mm256_max_ps(t, _mm256_set1_ps(-126.0f));
  const __m256 whole = _mm256_round_ps(t, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m256 rest = _mm256_sub_ps(t, whole);
  __m256 p = _mm256_set1_ps(kExp2Coefficients[6]);
  for (int n = 5; n >= 0; --n) p = _mm256_fmadd_ps(p, rest, _mm256_set1_ps(kExp2Coefficients[n]));
  const __m256i exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(whole), 23);
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), exponent));
}

inline float horizontal_sum(__m256 v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

}  // namespace cryomer::detail
