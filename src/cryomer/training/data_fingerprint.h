// Tells whether a run goes on with the data it began with.
#pragma once

#include <string>

#include "cryomer/data/particle_stack.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

// A hash of the particle table and of the pixels of up to 64 images spread over it. Equal for equal data wherever the files lie.
std::string particles_fingerprint(const ParticleStack& stack);

struct DataFingerprint {
  std::string particles;  // as above
  std::string all;        // with the structure's atoms
  std::string parts;      // of rows, optics, pixels and atoms, one by one

  // "rows of the particle table, pixels of the images": what is no longer as it was when the parts were those; empty where they are not known.
  std::string differences(const std::string& earlier_parts) const;
};
DataFingerprint data_fingerprint(const ParticleStack& stack, const Structure& structure);

}  // namespace cryomer
