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

// A structured array: one row a record, named columns, as cryoSPARC writes.
struct NpyColumn {
  std::string name;
  int64_t width = 1;                // numbers of a cell
  std::vector<double> numbers;      // [rows * width]; empty for text
  std::vector<std::string> texts;   // [rows] of text columns, and of unsigned 64-bit ones, which a double does not hold exactly
};

struct NpyTable {
  int64_t rows = 0;
  std::vector<NpyColumn> columns;
  const NpyColumn* find(const std::string& name) const;  // null when absent
};

// Little-endian numbers and byte strings; refuses pickled objects, records within records and other arrays.
NpyTable read_npy_table(const std::string& path);

}  // namespace cryomer
