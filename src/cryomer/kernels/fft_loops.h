// Body of the transforms; included by fft.cpp, fft_avx2.cpp and fft_avx512.cpp, each of which names its copy of
// pocketfft's namespace so that code of different instruction sets never mixes.
#define POCKETFFT_NO_MULTITHREADING
#ifdef __SANITIZE_ADDRESS__
// Its aligned allocations ask for sizes that are no multiple of the alignment, which the sanitizer refuses.
#define POCKETFFT_NO_VECTORS
#endif
#define pocketfft CRYOMER_POCKETFFT
#include <gemmi/third_party/pocketfft_hdronly.h>
#undef pocketfft

namespace cryomer::detail {

namespace {

using Complex = std::complex<float>;

inline CRYOMER_POCKETFFT::stride_t strides(int row_length, size_t element) {
  return {static_cast<ptrdiff_t>(row_length * element), static_cast<ptrdiff_t>(element)};
}

inline void forward_transform(const float* image, int rows, int columns, float* spectrum) {
  CRYOMER_POCKETFFT::r2c<float>({size_t(rows), size_t(columns)}, strides(columns, sizeof(float)),
                                strides(columns / 2 + 1, sizeof(Complex)), {0, 1}, true, image,
                                reinterpret_cast<Complex*>(spectrum), 1.0f, 1);
}

inline void backward_transform(const float* spectrum, int rows, int columns, float* image) {
  CRYOMER_POCKETFFT::c2r<float>({size_t(rows), size_t(columns)}, strides(columns / 2 + 1, sizeof(Complex)),
                                strides(columns, sizeof(float)), {0, 1}, false,
                                reinterpret_cast<const Complex*>(spectrum), image, 1.0f, 1);
}

}  // namespace

}  // namespace cryomer::detail
