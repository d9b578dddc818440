#include "cryomer/io/half.h"

#include <cstring>

namespace cryomer {

float float_from_half(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1Fu;
  const uint32_t fraction = bits & 0x3FFu;
  if (exponent == 0) {
    // Zero and subnormals count in steps of 2^-24.
    const float magnitude = static_cast<float>(fraction) * 5.9604644775390625e-8f;
    return sign ? -magnitude : magnitude;
  }
  const uint32_t float_exponent = exponent == 31 ? 255 : exponent + (127 - 15);
  const uint32_t float_bits = sign | (float_exponent << 23) | (fraction << 13);
  float value = 0;
  std::memcpy(&value, &float_bits, sizeof value);
  return value;
}

}  // namespace cryomer
