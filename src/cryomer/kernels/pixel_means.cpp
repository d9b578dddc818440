#include "cryomer/kernels/pixel_means.h"

#include "cryomer/base/error.h"
#include "cryomer/kernels/pixel_means_loops.h"

namespace cryomer {

int pixel_mean_window(double sigma) {
  for (const int window : {8, 16, 24}) {
    if (0.5 * window - 1.5 >= 4 * sigma) return window;
  }
  return 32;
}

void add_pixel_means(const Points& points, const PointKinds& kinds, int window, float* image, int width, int height,
                     const Slab* slab, InstructionSet set) {
  if (kinds.terms != 1 && kinds.terms != 5) fail("pixel means: {} terms a point, expected 1 or 5", kinds.terms);
  if (window != 8 && window != 16 && window != 24 && window != 32) fail("pixel means: a window of {} pixels, expected 8, 16, 24 or 32", window);
  detail::PixelMeanLoop loop = detail::add_pixel_means_here;
#ifdef CRYOMER_HAS_AVX2
  if (set == InstructionSet::avx2) loop = detail::add_pixel_means_avx2;
#endif
#ifdef CRYOMER_HAS_AVX512
  if (set == InstructionSet::avx512) loop = detail::add_pixel_means_avx512;
#endif
  loop(points, kinds, window, image, width, height, slab);
}

}  // namespace cryomer
