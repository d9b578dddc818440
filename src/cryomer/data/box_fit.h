// Whether a structure has room in the images.
#pragma once

#include "cryomer/structure/structure.h"

namespace cryomer {

// Distance of the farthest atom from a point, A.
double radius_about(const Structure& structure, Vec3 centre);

// Fails, naming the sizes, when the structure with `centre` in the middle of the box reaches far beyond it (half as far
// again as its edge), and warns when some of it is cut off. `pixel_size` in A.
void check_fits_box(const Structure& structure, Vec3 centre, int64_t box, double pixel_size);

}  // namespace cryomer
