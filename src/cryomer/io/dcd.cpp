#include "cryomer/io/dcd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cryomer/base/error.h"
#include "cryomer/base/log.h"

namespace cryomer {

namespace {

constexpr int64_t kHeaderLength = 84;  // "CORD" and twenty integers

uint32_t reversed(uint32_t value) {
  return (value >> 24) | ((value >> 8) & 0xff00u) | ((value << 8) & 0xff0000u) | (value << 24);
}

}  // namespace

DcdFile::DcdFile(const std::string& path) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail("cannot open {}: {}", path, std::strerror(errno));
  try {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) fail("cannot read {}: {}", path, std::strerror(errno));
    if (!S_ISREG(status.st_mode)) fail("cannot read {}: it is not a regular file", path);
    file_size_ = status.st_size;
    read_header();
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

DcdFile::~DcdFile() {
  ::close(descriptor_);
}

void DcdFile::read_at(int64_t offset, void* bytes, int64_t count) const {
  auto* to = static_cast<char*>(bytes);
  while (count > 0) {
    const ssize_t got = ::pread(descriptor_, to, static_cast<size_t>(count), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read {}: {}", path_, std::strerror(errno));
    if (got == 0) fail("{} ended at byte {} while it was read: is it still being written?", path_, offset);
    to += got;
    offset += got;
    count -= got;
  }
}

int32_t DcdFile::word(const unsigned char* bytes) const {
  uint32_t value = 0;
  std::memcpy(&value, bytes, 4);
  if (swapped_) value = reversed(value);
  return static_cast<int32_t>(value);
}

int64_t DcdFile::marker_at(int64_t offset) const {
  unsigned char bytes[8];
  if (offset > file_size_ - marker_size_) return -1;
  read_at(offset, bytes, marker_size_);
  if (marker_size_ == 4) return word(bytes);
  const int64_t low = static_cast<uint32_t>(word(bytes + (swapped_ ? 4 : 0)));
  return (static_cast<int64_t>(word(bytes + (swapped_ ? 0 : 4))) * (int64_t{1} << 32)) + low;
}

int64_t DcdFile::record_length(int64_t offset, const char* what) const {
  const int64_t length = marker_at(offset);
  const int64_t room = file_size_ - offset - 2 * marker_size_;
  if (length < 0 || length > room || marker_at(offset + marker_size_ + length) != length) {
    fail("{} is damaged or no DCD file: the record at byte {} ({}) is not closed", path_, offset, what);
  }
  return length;
}

// The first record is 84 bytes long, which tells the byte order and the size of the markers.
bool DcdFile::find_byte_order() {
  if (file_size_ < 12) return false;
  for (const bool other_order : {false, true}) {
    for (const int64_t size : {8, 4}) {
      swapped_ = other_order;
      marker_size_ = size;
      if (marker_at(0) != kHeaderLength) continue;
      char name[4];
      read_at(size, name, 4);
      return std::memcmp(name, "CORD", 4) == 0 || std::memcmp(name, "VELD", 4) == 0;
    }
  }
  return false;
}

void DcdFile::read_header() {
  if (!find_byte_order()) {
    fail("{} is no DCD trajectory: it does not begin with a record of 84 bytes and the letters CORD", path_);
  }
  record_length(0, "header");
  unsigned char header[kHeaderLength];
  read_at(marker_size_, header, kHeaderLength);
  if (std::memcmp(header, "VELD", 4) == 0)
    fail("{} holds velocities (VELD), expected coordinates (CORD)", path_);
  const auto control = [&](int index) { return word(header + 4 + 4 * index); };
  const bool charmm = control(19) != 0;  // X-PLOR leaves the version empty and has no blocks beyond x, y, z
  has_unit_cell_ = charmm && control(10) != 0;
  has_fourth_dimension_ = charmm && control(11) != 0;

  int64_t offset = kHeaderLength + 2 * marker_size_;
  offset += record_length(offset, "title") + 2 * marker_size_;
  if (record_length(offset, "number of atoms") != 4) {
    fail("{} is damaged or no DCD file: the record with the number of atoms at byte {} is not 4 bytes long",
         path_, offset);
  }
  unsigned char count[4];
  read_at(offset + marker_size_, count, 4);
  atom_count_ = word(count);
  if (atom_count_ <= 0) fail("{} claims to have {} atoms", path_, atom_count_);
  first_frame_offset_ = offset + 4 + 2 * marker_size_;
  read_fixed_atoms(control(8));
  find_frames(control(0));
}

void DcdFile::read_fixed_atoms(int64_t fixed) {
  if (fixed == 0) return;
  if (fixed < 0 || fixed >= atom_count_)
    fail("{} claims that {} of its {} atoms are fixed", path_, fixed, atom_count_);
  const int64_t free = atom_count_ - fixed;
  const int64_t length = record_length(first_frame_offset_, "list of free atoms");
  if (length != 4 * free) {
    fail("{} is damaged: its list of free atoms has {} bytes, expected {} for {} atoms", path_, length,
         4 * free, free);
  }
  std::vector<unsigned char> bytes(static_cast<size_t>(length));
  read_at(first_frame_offset_ + marker_size_, bytes.data(), length);
  for (int64_t i = 0; i < free; ++i) {
    const int32_t index = word(bytes.data() + 4 * i);
    if (index < 1 || index > atom_count_) {
      fail("{} is damaged: its list of free atoms names atom {} of {}", path_, index, atom_count_);
    }
    free_atoms_.push_back(index - 1);
  }
  first_frame_offset_ += length + 2 * marker_size_;
}

void DcdFile::find_frames(int64_t promised) {
  // Some programs set the flag of the unit cell without writing one, or the reverse: the first record of a
  // frame shows.
  const int64_t axis_size = 4 * atom_count_ + 2 * marker_size_;
  const int64_t first_length = marker_at(first_frame_offset_);
  constexpr int64_t kCellLength = 48;  // six doubles
  if (first_length != kCellLength || 4 * atom_count_ != kCellLength)
    has_unit_cell_ = first_length == kCellLength;
  cell_size_ = has_unit_cell_ ? kCellLength + 2 * marker_size_ : 0;
  const int64_t axes = has_fourth_dimension_ ? 4 : 3;
  const int64_t moving = free_atoms_.empty() ? atom_count_ : static_cast<int64_t>(free_atoms_.size());
  first_frame_size_ = cell_size_ + axes * axis_size;
  frame_size_ = cell_size_ + axes * (4 * moving + 2 * marker_size_);

  const int64_t room = file_size_ - first_frame_offset_;
  if (room < first_frame_size_) {
    fail(
        "{} holds no complete frame: it has {} atoms, so a frame takes {} bytes, and only {} follow the "
        "header. Is the "
        "file incomplete?",
        path_, atom_count_, first_frame_size_, room);
  }
  frame_count_ = 1 + (room - first_frame_size_) / frame_size_;
  const int64_t rest = (room - first_frame_size_) % frame_size_;
  if (rest != 0) {
    log_warning("{} ends within frame {}: the last {} bytes are left out", path_, frame_count_ + 1, rest);
  }
  if (promised != frame_count_) {
    log_info("{}: its header says {} frames, its size {}: all {} are used", path_, promised, frame_count_,
             frame_count_);
  }
  if (free_atoms_.empty()) return;
  first_frame_.resize(static_cast<size_t>(3 * atom_count_));
  read_frame(0, first_frame_.data());
}

void DcdFile::read_axis(int64_t offset, int64_t count, std::vector<float>& values, int64_t frame) const {
  const int64_t length = marker_at(offset);
  if (length != 4 * count || marker_at(offset + marker_size_ + length) != length) {
    fail("{} is damaged in frame {} (counted from 1) at byte {}: expected a record of {} bytes, found {}",
         path_, frame + 1, offset, 4 * count, length);
  }
  values.resize(static_cast<size_t>(count));
  read_at(offset + marker_size_, values.data(), length);
  if (!swapped_) return;
  for (float& value : values) {
    uint32_t bits = 0;
    std::memcpy(&bits, &value, 4);
    bits = reversed(bits);
    std::memcpy(&value, &bits, 4);
  }
}

void DcdFile::read_frame(int64_t index, float* coordinates) {
  if (index < 0 || index >= frame_count_)
    fail("{} has frames 0 to {}, not {}", path_, frame_count_ - 1, index);
  const bool all_move = free_atoms_.empty() || index == 0;
  const int64_t count = all_move ? atom_count_ : static_cast<int64_t>(free_atoms_.size());
  int64_t offset = first_frame_offset_ + (index == 0 ? 0 : first_frame_size_ + (index - 1) * frame_size_);
  if (has_unit_cell_) {
    if (marker_at(offset) != cell_size_ - 2 * marker_size_) {
      fail("{} is damaged in frame {} (counted from 1) at byte {}: expected a unit cell", path_, index + 1,
           offset);
    }
    offset += cell_size_;
  }
  if (!all_move) std::copy(first_frame_.begin(), first_frame_.end(), coordinates);
  for (int64_t axis = 0; axis < 3; ++axis) {
    read_axis(offset, count, axis_, index);
    offset += 4 * count + 2 * marker_size_;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t atom = all_move ? i : free_atoms_[static_cast<size_t>(i)];
      coordinates[3 * atom + axis] = axis_[static_cast<size_t>(i)];
    }
  }
}

namespace {

void append_word(std::string& bytes, uint32_t value) {
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xff);
}

}  // namespace

DcdFileWriter::DcdFileWriter(const std::string& path, int64_t atom_count)
    : file_(path), atom_count_(atom_count) {
  if (atom_count <= 0 || atom_count > INT32_MAX / 4)
    fail("cannot write {}: it would have {} atoms", path, atom_count);
  std::string header;
  append_word(header, kHeaderLength);
  header += "CORD";
  for (int i = 0; i < 20; ++i) {
    uint32_t value = 0;
    if (i == 1 || i == 2) value = 1;  // first step, steps between frames
    if (i == 9) value = 0x3f800000;   // time step 1.0
    if (i == 19) value = 24;          // CHARMM's version
    append_word(header, value);
  }
  append_word(header, kHeaderLength);
  std::string title = "Conformations written by Cryomer";
  title.resize(80, ' ');
  append_word(header, 84);
  append_word(header, 1);
  header += title;
  append_word(header, 84);
  append_word(header, 4);
  append_word(header, static_cast<uint32_t>(atom_count));
  append_word(header, 4);
  file_.write(header);
}

void DcdFileWriter::write_frame(const float* coordinates) {
  std::string marker;
  append_word(marker, static_cast<uint32_t>(4 * atom_count_));
  axis_.resize(static_cast<size_t>(atom_count_));
  for (int64_t axis = 0; axis < 3; ++axis) {
    for (int64_t i = 0; i < atom_count_; ++i) axis_[static_cast<size_t>(i)] = coordinates[3 * i + axis];
    file_.write(marker);
    file_.write(axis_.data(), axis_.size() * sizeof(float));
    file_.write(marker);
  }
  ++frame_count_;
}

void DcdFileWriter::commit() {
  std::string count;
  append_word(count, static_cast<uint32_t>(frame_count_));
  file_.write_at(8, count.data(), 4);   // number of frames
  file_.write_at(20, count.data(), 4);  // number of steps
  file_.commit();
}

}  // namespace cryomer
