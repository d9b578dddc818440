#include "cryomer/kernels/pixel_means_loops.h"

namespace cryomer::detail {

void add_pixel_means_avx512(const Points& points, const PointProfiles& profiles, float* image, int width, int height,
                            const Slab* slab) {
  add_pixel_means_here(points, profiles, image, width, height, slab);
}

}  // namespace cryomer::detail
