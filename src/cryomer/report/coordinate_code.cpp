#include "cryomer/report/coordinate_code.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/error.h"

namespace cryomer {

CoordinateCode encode_coordinates(const Ensemble& ensemble, const std::vector<float>& reference) {
  const int64_t atoms = ensemble.atom_count, size = ensemble.size();
  if (int64_t(reference.size()) != 3 * atoms) {
    fail("coordinates: a reference of {} values for {} atoms", reference.size(), atoms);
  }
  const auto difference = [&](const float* conformation, int64_t value) {
    const double d = double(conformation[value]) - reference[value];
    return std::isfinite(d) ? d : 0;
  };
  CoordinateCode code;
  double most = 0;
  for (int64_t i = 0; i < size; ++i) {
    for (int64_t value = 0; value < 3 * atoms; ++value) most = std::max(most, std::abs(difference(ensemble.conformation(i), value)));
  }
  code.step = std::max(code.step, most / 32767);
  const size_t count = ensemble.coordinates.size();
  code.bytes.resize(2 * count);
  size_t place = 0;
  for (int64_t i = 0; i < size; ++i) {
    for (int axis = 0; axis < 3; ++axis) {
      int16_t before = 0;
      for (int64_t a = 0; a < atoms; ++a, ++place) {
        const auto here = static_cast<int16_t>(std::lround(difference(ensemble.conformation(i), 3 * a + axis) / code.step));
        const auto change = static_cast<int16_t>(here - before);
        const auto packed = static_cast<uint16_t>((uint16_t(change) << 1) ^ uint16_t(change >> 15));
        code.bytes[place] = static_cast<char>(packed & 0xff);
        code.bytes[count + place] = static_cast<char>(packed >> 8);
        before = here;
      }
    }
  }
  return code;
}

}  // namespace cryomer
