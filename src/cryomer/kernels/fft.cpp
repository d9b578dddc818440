#define CRYOMER_POCKETFFT pocketfft_reference
#include "cryomer/kernels/fft.h"

#include "cryomer/kernels/fft_loops.h"

namespace cryomer {

namespace detail {
void real_fft_avx2(const float*, int rows, int columns, float*);
void inverse_real_fft_avx2(const float*, int rows, int columns, float*);
void real_fft_avx512(const float*, int rows, int columns, float*);
void inverse_real_fft_avx512(const float*, int rows, int columns, float*);
}  // namespace detail

void real_fft(const float* image, int rows, int columns, float* spectrum, InstructionSet set) {
#ifdef CRYOMER_HAS_AVX512
  if (set == InstructionSet::avx512) return detail::real_fft_avx512(image, rows, columns, spectrum);
#endif
#ifdef CRYOMER_HAS_AVX2
  if (set == InstructionSet::avx2) return detail::real_fft_avx2(image, rows, columns, spectrum);
#endif
  detail::forward_transform(image, rows, columns, spectrum);
}

void inverse_real_fft(const float* spectrum, int rows, int columns, float* image, InstructionSet set) {
#ifdef CRYOMER_HAS_AVX512
  if (set == InstructionSet::avx512) return detail::inverse_real_fft_avx512(spectrum, rows, columns, image);
#endif
#ifdef CRYOMER_HAS_AVX2
  if (set == InstructionSet::avx2) return detail::inverse_real_fft_avx2(spectrum, rows, columns, image);
#endif
  detail::backward_transform(spectrum, rows, columns, image);
}

}  // namespace cryomer
