#include "cryomer/kernels/pixel_means_loops.h"

namespace cryomer::detail {

void add_pixel_means_avx2(const Points& points, const PointKinds& kinds, int window, float* image, int width, int height, const Slab* slab) {
  add_pixel_means_here(points, kinds, window, image, width, height, slab);
}

}  // namespace cryomer::detail
