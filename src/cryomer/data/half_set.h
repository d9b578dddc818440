// Half of a particle set, for two models that never saw each other's images: RELION's own halves where the
// file has both in rlnRandomSubset, else every other row (half 1: the first, third, ...).
#pragma once

#include "cryomer/io/star.h"

namespace cryomer {

// The rows of half 1 or 2, in their order. Fails when the half is empty.
StarTable half_set(const StarTable& particles, int half);

}  // namespace cryomer
