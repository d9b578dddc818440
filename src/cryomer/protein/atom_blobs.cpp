#include "cryomer/protein/atom_blobs.h"

namespace cryomer {

AtomBlobTensors unit_blobs(const Structure& structure, double width) {
  if (!(width > 0)) fail_usage("atom width is {} A, expected a positive length", width);
  return {at::ones({structure.atom_count()}), at::full({structure.atom_count()}, static_cast<float>(width))};
}

}  // namespace cryomer
