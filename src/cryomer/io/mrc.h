// MRC2014 image stacks and volumes: modes 0, 1, 2, 6 and 12, both byte orders, extended headers skipped. Files are mapped
// into memory, so a stack larger than RAM can be read section by section.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cryomer/base/atomic_file.h"

namespace cryomer {

struct MrcHeader {
  int64_t nx = 0, ny = 0, nz = 0;  // columns (fastest), rows, sections
  int mode = 2;
  double pixel_size = 0;  // A, cella.x / mx; 0 when the header does not say
  bool is_volume = false; // ispg != 0
};

class MrcFile {
 public:
  explicit MrcFile(const std::string& path);
  ~MrcFile();
  MrcFile(MrcFile&&) noexcept;
  MrcFile& operator=(MrcFile&&) noexcept;

  const MrcHeader& header() const;
  const std::string& path() const;
  // Section `index` (0-based) as [ny][nx] floats.
  void read_section(int64_t index, float* values) const;
  std::vector<float> read_all() const;

 private:
  struct Mapping;
  std::unique_ptr<Mapping> mapping_;
};

// Writes a stack of images (mode 2, little-endian), section by section; whole or not at all.
class MrcStackWriter {
 public:
  MrcStackWriter(const std::string& path, int64_t nx, int64_t ny, double pixel_size);
  void write_section(const float* values);
  void commit();

 private:
  AtomicFile file_;
  int64_t nx_, ny_, sections_ = 0;
  double pixel_size_, sum_ = 0, sum_squares_ = 0;
  float minimum_ = 0, maximum_ = 0;
};

void write_volume(const std::string& path, const float* values, int64_t n, double pixel_size);  // [n][n][n], z y x

}  // namespace cryomer
