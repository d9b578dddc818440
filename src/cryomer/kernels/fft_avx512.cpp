#define CRYOMER_POCKETFFT pocketfft_avx512
#include "cryomer/kernels/fft_loops.h"

namespace cryomer::detail {

void real_fft_avx512(const float* image, int rows, int columns, float* spectrum) {
  forward_transform(image, rows, columns, spectrum);
}

void inverse_real_fft_avx512(const float* spectrum, int rows, int columns, float* image) {
  backward_transform(spectrum, rows, columns, image);
}

}  // namespace cryomer::detail
