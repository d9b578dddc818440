#include "cryomer/kernels/splat.h"

#include "cryomer/kernels/splat_blob.h"

namespace cryomer {

void splat_blobs(const Blobs& blobs, float* image, int width, int height, InstructionSet set) {
#ifdef CRYOMER_HAS_AVX512
  if (set == InstructionSet::avx512) return detail::splat_blobs_avx512(blobs, image, width, height);
#endif
#ifdef CRYOMER_HAS_AVX2
  if (set == InstructionSet::avx2) return detail::splat_blobs_avx2(blobs, image, width, height);
#endif
  for (size_t a = 0; a < blobs.count; ++a) detail::splat_blob(blobs, a, image, width, height);
}

void splat_blobs_backward(const Blobs& blobs, const float* image_gradient, int width, int height, const BlobGradients& gradients,
                          InstructionSet set) {
#ifdef CRYOMER_HAS_AVX512
  if (set == InstructionSet::avx512) return detail::splat_blobs_backward_avx512(blobs, image_gradient, width, height, gradients);
#endif
#ifdef CRYOMER_HAS_AVX2
  if (set == InstructionSet::avx2) return detail::splat_blobs_backward_avx2(blobs, image_gradient, width, height, gradients);
#endif
  for (size_t a = 0; a < blobs.count; ++a) detail::splat_blob_backward(blobs, a, image_gradient, width, height, gradients);
}

}  // namespace cryomer
