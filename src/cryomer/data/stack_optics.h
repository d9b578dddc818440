// The optics groups of a particle file, and each particle's contrast transfer function.
#pragma once

#include <cstdint>
#include <vector>

#include "cryomer/io/star.h"
#include "cryomer/optics/optics_group.h"

namespace cryomer {

struct StackOptics {
  // Where an optics group comes from.
  struct Source {
    int row = -1;  // of data_optics; -1: the file has none
    int64_t first_particle = 0;
  };

  std::vector<OpticsGroup> groups;  // in the order of their first particle; pixel_size is 0 where the file says none
  std::vector<Source> sources;      // of each group
  std::vector<int> group_of;        // each particle's
  bool has_ctf = false;             // the file has defocus values
  std::vector<CtfParameters> ctf;   // each particle's; without meaning when has_ctf is false
};

// data_optics of the file, null when it has none or an empty one.
const StarTable* optics_table(const StarFile& star);

// What the columns say, see ParticleStack::open. Fails on values that cannot be, and where a particle's group is not known; warns of
// what is assumed, and of defocus values that may be in micrometres. require_ctf: fails when the defocus is missing.
StackOptics read_stack_optics(const StarFile& star, const StarTable& particles, bool require_ctf);

}  // namespace cryomer
