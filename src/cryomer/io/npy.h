// NumPy's .npy files (format 1.0 to 3.0), float32 and float64, C order: how latents leave Cryomer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cryomer {

struct NpyArray {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

void write_npy(const std::string& path, const std::vector<int64_t>& shape, const float* values);
// Reads little-endian float32, float64 and integer arrays as float; refuses pickled objects.
NpyArray read_npy(const std::string& path);

}  // namespace cryomer
