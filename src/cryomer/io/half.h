// IEEE 754 half precision (binary16), as MRC mode 12 stores it.
#pragma once

#include <cstdint>

namespace cryomer {

// Exact: every half is a float. Infinities stay infinite, NaN stays NaN.
float float_from_half(uint16_t bits);

}  // namespace cryomer
