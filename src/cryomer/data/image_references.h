// The images that a particle file points to: number@stack.mrcs, each stack found and long enough.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cryomer/io/mrc.h"
#include "cryomer/io/star.h"

namespace cryomer {

struct ImageReferences {
  std::vector<MrcFile> files;           // in the order of their first particle
  std::vector<int64_t> first_particle;  // of each file
  std::vector<int> file;                // each particle's, an index into files
  std::vector<int64_t> section;         // each particle's image in its file, from 0
};

// Fails, with where it looked, when a stack is nowhere, or has fewer images than are asked for. data_dir as in ParticleStackOptions.
ImageReferences open_images(const StarTable& particles, const std::string& data_dir);

}  // namespace cryomer
