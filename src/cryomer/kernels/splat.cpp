#include "cryomer/kernels/splat.h"

#include "cryomer/kernels/splat_blob.h"

namespace cryomer {

int splat_window(double largest_width_in_pixels) {
  // The nearest pixel left out is window / 2 away.
  int window = 8;
  while (window / 2 < 4.8 * largest_width_in_pixels) window += 8;
  return window;
}

void splat_blobs(const Blobs& blobs, int window, float* image, int width, int height, InstructionSet set) {
  if (window <= 16) {
#ifdef CRYOMER_HAS_AVX512
    if (set == InstructionSet::avx512) return detail::splat_blobs_avx512(blobs, window, image, width, height);
#endif
#ifdef CRYOMER_HAS_AVX2
    if (set == InstructionSet::avx2) return detail::splat_blobs_avx2(blobs, window, image, width, height);
#endif
  }
  for (size_t a = 0; a < blobs.count; ++a) detail::splat_blob(blobs, a, window, image, width, height);
}

void splat_blobs_backward(const Blobs& blobs, int window, const float* image_gradient, int width, int height,
                          const BlobGradients& gradients, InstructionSet set) {
  if (window <= 16) {
#ifdef CRYOMER_HAS_AVX512
    if (set == InstructionSet::avx512) {
      return detail::splat_blobs_backward_avx512(blobs, window, image_gradient, width, height, gradients);
    }
#endif
#ifdef CRYOMER_HAS_AVX2
    if (set == InstructionSet::avx2) {
      return detail::splat_blobs_backward_avx2(blobs, window, image_gradient, width, height, gradients);
    }
#endif
  }
  for (size_t a = 0; a < blobs.count; ++a) {
    detail::splat_blob_backward(blobs, a, window, image_gradient, width, height, gradients);
  }
}

}  // namespace cryomer
