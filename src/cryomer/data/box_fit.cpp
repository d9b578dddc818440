#include "cryomer/data/box_fit.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/error.h"
#include "cryomer/base/log.h"

namespace cryomer {

double radius_about(const Structure& structure, Vec3 centre) {
  double radius = 0;
  for (const Atom& atom : structure.atoms) radius = std::max(radius, norm(atom.position - centre));
  return radius;
}

void check_fits_box(const Structure& structure, Vec3 centre, int64_t box, double pixel_size) {
  const double radius = radius_about(structure, centre), half_box = 0.5 * static_cast<double>(box) * pixel_size;
  if (radius > 1.5 * half_box) {
    const auto needed = 2 * static_cast<int64_t>(std::ceil(1.1 * radius / pixel_size));
    fail("{} reaches {:.0f} A from the centre of the box, the box only {:.0f} A ({} pixels of {:.4g} A). Is it the right "
         "structure, in the frame of the images, and the right pixel size? A box of {} pixels would hold it",
         structure.source, radius, half_box, box, pixel_size, needed);
  }
  if (radius > half_box) {
    log_warning("{} reaches {:.1f} A from the centre of the box, the box {:.1f} A: some of it is cut off", structure.source,
                radius, half_box);
  }
}

}  // namespace cryomer
