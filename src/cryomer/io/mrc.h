// MRC2014 image stacks and volumes: modes 0, 1, 2, 6 and 12, both byte orders, extended headers skipped
// (Cheng et al. 2015, J. Struct. Biol. 192:146; ccpem.ac.uk/mrc_format/mrc2014.php). Files are mapped into
// memory, so a stack larger than RAM can be read section by section, and thousands of open stacks need no
// file descriptors. A file that another program shortens while it is mapped ends the run (SIGBUS).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cryomer/base/atomic_file.h"

namespace cryomer {

struct MrcHeader {
  int64_t nx = 0, ny = 0, nz = 0;  // columns (fastest), rows, sections
  int mode = 2;
  double pixel_size = 0;   // A along a row; 0 when the header does not say
  bool is_volume = false;  // ispg != 0; many programs write stacks of images so, too
  // The axis of the map (1 x, 2 y, 3 z) along columns, rows and sections. Anything but 1, 2, 3 is found in
  // crystallographic maps; sections are returned as they stand in the file.
  std::array<int, 3> axes{1, 2, 3};
};

class MrcFile {
 public:
  // Checks the header and that the file holds what it announces.
  explicit MrcFile(const std::string& path);
  ~MrcFile();
  MrcFile(MrcFile&&) noexcept;
  MrcFile& operator=(MrcFile&&) noexcept;

  const MrcHeader& header() const;
  const std::string& path() const;
  // Section `index` (0-based) as [ny][nx] floats. Safe to call from threads.
  void read_section(int64_t index, float* values) const;
  std::vector<float> read_all() const;  // [nz][ny][nx]

 private:
  struct Mapping;
  std::unique_ptr<Mapping> mapping_;
};

// Writes a stack of images (mode 2, little-endian), section by section; whole or not at all. As RELION wants
// it: ispg 0 and mz = nz. Values that are not finite are refused.
class MrcStackWriter {
 public:
  MrcStackWriter(const std::string& path, int64_t nx, int64_t ny, double pixel_size);
  void write_section(const float* values);  // [ny][nx]
  void commit();

 private:
  friend void write_volume(const std::string&, const float*, int64_t, double, std::array<double, 3>);

  AtomicFile file_;
  std::string path_;
  int64_t nx_, ny_, sections_ = 0;
  double pixel_size_, sum_ = 0, sum_squares_ = 0;
  float minimum_ = 0, maximum_ = 0;
  bool is_volume_ = false;
  std::array<double, 3> origin_{0, 0, 0};
};

// values [n][n][n], z y x; `origin` is where the centre of the first voxel lies, A, as viewers read it.
void write_volume(const std::string& path, const float* values, int64_t n, double pixel_size,
                  std::array<double, 3> origin = {0, 0, 0});

}  // namespace cryomer
