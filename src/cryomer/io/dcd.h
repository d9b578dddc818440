// DCD trajectories as bytes (CHARMM's format in the dialects of CHARMM, NAMD and X-PLOR): Fortran records of
// either byte order with 32- or 64-bit markers, with or without unit cells, a fourth dimension, or fixed
// atoms. Atoms have no names. The number of frames is taken from the size of the file, since headers often
// promise more, or nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cryomer/base/atomic_file.h"

namespace cryomer {

class DcdFile {
 public:
  explicit DcdFile(const std::string& path);
  ~DcdFile();
  DcdFile(const DcdFile&) = delete;
  DcdFile& operator=(const DcdFile&) = delete;

  int64_t atom_count() const { return atom_count_; }
  int64_t frame_count() const { return frame_count_; }
  // Fills [atoms][3] in A. Frames are read from disk one at a time, in any order.
  void read_frame(int64_t index, float* coordinates);

 private:
  void read_at(int64_t offset, void* bytes, int64_t count) const;
  int64_t marker_at(int64_t offset) const;
  // The length of the record at `offset`, whose closing marker must agree and which must end within the file.
  int64_t record_length(int64_t offset, const char* what) const;
  int32_t word(const unsigned char* bytes) const;
  bool find_byte_order();
  void read_header();
  void read_fixed_atoms(int64_t fixed);
  void find_frames(int64_t promised);
  void read_axis(int64_t offset, int64_t count, std::vector<float>& values, int64_t frame) const;

  std::string path_;
  int descriptor_ = -1;
  int64_t file_size_ = 0;
  bool swapped_ = false;     // the other byte order
  int64_t marker_size_ = 4;  // bytes
  int64_t atom_count_ = 0, frame_count_ = 0;
  bool has_unit_cell_ = false, has_fourth_dimension_ = false;
  std::vector<int32_t> free_atoms_;  // 0-based; empty when all atoms move
  std::vector<float> first_frame_;   // [atoms][3], when some atoms are fixed
  int64_t first_frame_offset_ = 0, first_frame_size_ = 0, frame_size_ = 0, cell_size_ = 0;
  std::vector<float> axis_;
};

// Writes frames as CHARMM does: little-endian, float32, no unit cell.
class DcdFileWriter {
 public:
  DcdFileWriter(const std::string& path, int64_t atom_count);
  void write_frame(const float* coordinates);  // [atoms][3], A
  void commit();                               // corrects the number of frames in the header

 private:
  AtomicFile file_;
  int64_t atom_count_, frame_count_ = 0;
  std::vector<float> axis_;
};

}  // namespace cryomer
