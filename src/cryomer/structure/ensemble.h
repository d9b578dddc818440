// Many conformations of one structure: coordinates only, in the structure's atom order.
#pragma once

#include <cstdint>
#include <vector>

namespace cryomer {

struct Ensemble {
  int64_t atom_count = 0;
  std::vector<float> coordinates;  // [size][atom_count][3], A

  int64_t size() const { return atom_count == 0 ? 0 : static_cast<int64_t>(coordinates.size()) / (3 * atom_count); }
  const float* conformation(int64_t i) const { return coordinates.data() + 3 * atom_count * i; }
  float* conformation(int64_t i) { return coordinates.data() + 3 * atom_count * i; }
  void append(const float* conformation) {
    coordinates.insert(coordinates.end(), conformation, conformation + 3 * atom_count);
  }
};

}  // namespace cryomer
