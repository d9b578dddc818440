// Many conformations in few bytes: differences to a reference in steps of a hundredth of an Angstrom, each less that of the
// atom before it, because neighbours move together.
#pragma once

#include <string>
#include <vector>

#include "cryomer/structure/ensemble.h"

namespace cryomer {

struct CoordinateCode {
  double step = 0.01;  // A; larger only where a difference does not fit into 16 bits
  // Of n values, first all low bytes, then all high ones. Values are in the order [conformation][axis][atom]:
  // d = round((x - reference) / step), less the d of the atom before (mod 2^16), its sign in the lowest bit (0, -1, 1, -2, ...).
  std::string bytes;
};

// `reference` is [atoms][3]. A coordinate that is not finite counts as the reference's.
CoordinateCode encode_coordinates(const Ensemble& ensemble, const std::vector<float>& reference);

}  // namespace cryomer
