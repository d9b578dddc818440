#include "cryomer/io/mrc.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>

#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/text.h"
#include "cryomer/io/half.h"
#include "cryomer/io/mrc_header.h"

namespace cryomer {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "MRC files are written in the byte order of the machine");

namespace {

constexpr int64_t kHeaderBytes = 1024;
constexpr int64_t kLargestSide = 1 << 20;  // pixels; anything beyond is not an image

// Byte offsets of the header's fields.
enum Offset : size_t {
  kNx = 0,
  kNy = 4,
  kNz = 8,
  kMode = 12,
  kMx = 28,
  kMy = 32,
  kMz = 36,
  kCell = 40,
  kCellAngles = 52,
  kMapColumns = 64,
  kMapRows = 68,
  kMapSections = 72,
  kMinimum = 76,
  kMaximum = 80,
  kMean = 84,
  kSpaceGroup = 88,
  kExtendedBytes = 92,
  kVersion = 108,
  kImodStamp = 152,
  kImodFlags = 156,
  kOrigin = 196,
  kMapWord = 208,
  kMachineStamp = 212,
  kRms = 216,
  kLabelCount = 220,
  kLabels = 224
};

template <class T>
T byte_swapped(T value) {
  unsigned char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  std::reverse(bytes, bytes + sizeof(T));
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

template <class T>
T load(const unsigned char* bytes, bool swapped) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return swapped ? byte_swapped(value) : value;
}

bool is_known_mode(int32_t mode) {
  const int32_t modes[] = {0, 1, 2, 3, 4, 6, 12, 16, 101};
  return std::find(std::begin(modes), std::end(modes), mode) != std::end(modes);
}

bool is_plausible(const unsigned char* header, bool swapped) {
  const auto side_fits = [&](size_t offset) {
    const auto side = load<int32_t>(header + offset, swapped);
    return side > 0 && side <= kLargestSide;
  };
  return side_fits(kNx) && side_fits(kNy) && load<int32_t>(header + kNz, swapped) > 0 &&
         is_known_mode(load<int32_t>(header + kMode, swapped));
}

// The machine stamp says it, but old programs left it empty or wrong, so the other order is tried when the
// numbers make no sense.
bool is_swapped(const unsigned char* header, const std::string& path) {
  const bool stamped_big_endian = header[kMachineStamp] == 0x11;
  for (const bool swapped : {stamped_big_endian, !stamped_big_endian}) {
    if (is_plausible(header, swapped)) return swapped;
  }
  const bool compressed = (header[0] == 0x1F && header[1] == 0x8B) || std::memcmp(header, "BZh", 3) == 0 ||
                          std::memcmp(header, "\x28\xB5\x2F\xFD", 4) == 0;
  if (compressed) fail("{}: this file is compressed; decompress it first", path);
  const auto word = [&](size_t offset) { return load<int32_t>(header + offset, stamped_big_endian); };
  fail(
      "{}: not an MRC file, or its header is damaged: it announces {} x {} x {} values of mode {}, expected "
      "sides of 1 to {} pixels and a mode of 0, 1, 2, 6 or 12",
      path, word(kNx), word(kNy), word(kNz), word(kMode), kLargestSide);
}

int64_t bytes_per_value(int mode, const std::string& path) {
  const char* name = nullptr;
  switch (mode) {
    case 0:
      return 1;
    case 1:
      return 2;
    case 2:
      return 4;
    case 6:
      return 2;
    case 12:
      return 2;
    case 3:
      name = "complex 16-bit integers, a Fourier transform";
      break;
    case 4:
      name = "complex floats, a Fourier transform";
      break;
    case 16:
      name = "RGB colours";
      break;
    default:
      name = "packed 4-bit integers";
      break;
  }
  fail(
      "{}: MRC mode {} ({}) is not supported, only 0, 1, 2, 6 and 12. Convert it to mode 2 (32-bit floats), "
      "for example with IMOD's `newstack -mode 2`",
      path, mode, name);
}

template <class T>
void convert(const unsigned char* bytes, int64_t count, bool swapped, float* values) {
  for (int64_t i = 0; i < count; ++i) values[i] = static_cast<float>(load<T>(bytes + i * sizeof(T), swapped));
}

}  // namespace

struct MrcFile::Mapping {
  std::string path;
  MrcHeader header;
  bool swapped = false;
  bool unsigned_bytes = false;
  int64_t section_values = 0, section_bytes = 0;
  size_t size = 0;
  const unsigned char* bytes = nullptr;  // the whole file
  const unsigned char* sections = nullptr;

  ~Mapping() {
    if (bytes) ::munmap(const_cast<unsigned char*>(bytes), size);
  }

  void map() {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) fail("cannot open {}: {}", path, std::strerror(errno));
    struct stat status {};
    const bool is_file = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
    void* address = MAP_FAILED;
    int reason = 0;
    if (is_file && status.st_size >= kHeaderBytes) {
      size = static_cast<size_t>(status.st_size);
      address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
      reason = errno;
    }
    ::close(descriptor);  // the mapping stays
    if (!is_file) fail("cannot read {}: not a regular file", path);
    if (status.st_size < kHeaderBytes) {
      fail("{}: {} bytes are too few for an MRC file, whose header alone has {}; is it cut off?", path,
           static_cast<int64_t>(status.st_size), kHeaderBytes);
    }
    if (address == MAP_FAILED) {
      fail(
          "cannot map {} ({}) into memory: {}{}", path, size_text(static_cast<double>(size)),
          std::strerror(reason),
          reason == ENOMEM ? ". With very many stacks, raise the limit vm.max_map_count or join stacks" : "");
    }
    bytes = static_cast<const unsigned char*>(address);
  }

  void parse_header() {
    swapped = is_swapped(bytes, path);
    const auto word = [&](size_t offset) { return load<int32_t>(bytes + offset, swapped); };
    const auto real = [&](size_t offset) {
      return static_cast<double>(load<float>(bytes + offset, swapped));
    };
    header.nx = word(kNx);
    header.ny = word(kNy);
    header.nz = word(kNz);
    header.mode = word(kMode);
    header.is_volume = word(kSpaceGroup) != 0;
    std::array<int, 3> axes{word(kMapColumns), word(kMapRows), word(kMapSections)};
    if (std::is_permutation(axes.begin(), axes.end(), header.axes.begin())) header.axes = axes;
    const int along_row = header.axes[0] - 1;
    const double cell = real(kCell + 4 * along_row), intervals = word(kMx + 4 * along_row);
    if (intervals > 0 && std::isfinite(cell) && cell > 0) header.pixel_size = cell / intervals;
    // IMOD's note on 8-bit data: its stamp without flag 1 says they are unsigned. The standard has them
    // signed.
    constexpr int32_t kImod = 0x444F4D49;
    unsigned_bytes = word(kImodStamp) == kImod && (word(kImodFlags) & 1) == 0;

    const int64_t extended = word(kExtendedBytes);
    section_values = header.nx * header.ny;
    section_bytes = section_values * bytes_per_value(header.mode, path);
    const auto available = static_cast<int64_t>(size) - kHeaderBytes - extended;
    if (extended < 0 || available < 0) {
      fail(
          "{}: the header announces an extended header of {} bytes in a file of {} bytes; is it damaged or "
          "cut off?",
          path, extended, size);
    }
    const int64_t whole = available / section_bytes;
    const double expected = static_cast<double>(kHeaderBytes + extended) +
                            static_cast<double>(section_bytes) * static_cast<double>(header.nz);
    if (whole < header.nz) {
      fail(
          "{}: the file is cut off: {} bytes found, {:.0f} expected for {} sections of {} x {} values (mode "
          "{}); {} whole sections are there. Copy it again, or make it anew",
          path, size, expected, header.nz, header.nx, header.ny, header.mode, whole);
    }
    if (whole > header.nz) {
      log_warning("{}: the file has room for {} sections, its header announces {}; the others are not read",
                  path, whole, header.nz);
    }
    sections = bytes + kHeaderBytes + extended;
  }

  void read(int64_t first, int64_t count, float* values) const {
    const unsigned char* source = sections + first * section_bytes;
    const int64_t n = count * section_values;
    switch (header.mode) {
      case 0:
        if (unsigned_bytes) {
          convert<uint8_t>(source, n, false, values);
        } else {
          convert<int8_t>(source, n, false, values);
        }
        break;
      case 1:
        convert<int16_t>(source, n, swapped, values);
        break;
      case 6:
        convert<uint16_t>(source, n, swapped, values);
        break;
      case 12:
        for (int64_t i = 0; i < n; ++i) values[i] = float_from_half(load<uint16_t>(source + 2 * i, swapped));
        break;
      default:
        if (swapped) {
          convert<float>(source, n, true, values);
        } else {
          std::memcpy(values, source, n * sizeof(float));
        }
    }
  }
};

MrcFile::MrcFile(const std::string& path) : mapping_(std::make_unique<Mapping>()) {
  mapping_->path = path;
  mapping_->map();
  mapping_->parse_header();
}

MrcFile::~MrcFile() = default;
MrcFile::MrcFile(MrcFile&&) noexcept = default;
MrcFile& MrcFile::operator=(MrcFile&&) noexcept = default;

const MrcHeader& MrcFile::header() const {
  return mapping_->header;
}
const std::string& MrcFile::path() const {
  return mapping_->path;
}

void MrcFile::read_section(int64_t index, float* values) const {
  if (index < 0 || index >= header().nz) {
    fail("{}: section {} asked for, but there are {} (counted from 0)", path(), index, header().nz);
  }
  mapping_->read(index, 1, values);
}

std::vector<float> MrcFile::read_all() const {
  std::vector<float> values(mapping_->section_values * header().nz);
  mapping_->read(0, header().nz, values.data());
  return values;
}

namespace {

template <class T>
void store(std::array<unsigned char, kHeaderBytes>& header, size_t offset, T value) {
  std::memcpy(header.data() + offset, &value, sizeof(T));
}

struct Summary {
  float minimum = 0, maximum = 0;
  double mean = 0, deviation = 0;
};

std::array<unsigned char, kHeaderBytes> header_bytes(int64_t nx, int64_t ny, int64_t nz, double pixel_size, bool is_volume,
                                                     const std::array<double, 3>& origin, const Summary& values) {
  std::array<unsigned char, kHeaderBytes> header{};
  const int64_t sides[] = {nx, ny, nz};
  for (int axis = 0; axis < 3; ++axis) {
    store(header, kNx + 4 * axis, static_cast<int32_t>(sides[axis]));
    store(header, kMx + 4 * axis, static_cast<int32_t>(sides[axis]));
    store(header, kCell + 4 * axis, static_cast<float>(static_cast<double>(sides[axis]) * pixel_size));
    store(header, kCellAngles + 4 * axis, 90.0f);
    store(header, kMapColumns + 4 * axis, static_cast<int32_t>(axis + 1));
    store(header, kOrigin + 4 * axis, static_cast<float>(origin[axis]));
  }
  store(header, kMode, int32_t{2});
  store(header, kMinimum, values.minimum);
  store(header, kMaximum, values.maximum);
  store(header, kMean, static_cast<float>(values.mean));
  store(header, kSpaceGroup, int32_t{is_volume ? 1 : 0});
  store(header, kVersion, int32_t{20140});
  std::memcpy(header.data() + kMapWord, "MAP ", 4);
  header[kMachineStamp] = header[kMachineStamp + 1] = 0x44;
  store(header, kRms, static_cast<float>(values.deviation));
  store(header, kLabelCount, int32_t{1});
  std::memset(header.data() + kLabels, ' ', 800);
  std::memcpy(header.data() + kLabels, "Cryomer", 7);
  return header;
}

void check_shape(const std::string& path, int64_t nx, int64_t ny, double pixel_size) {
  if (nx < 1 || ny < 1 || nx > kLargestSide || ny > kLargestSide) {
    fail("cannot write {}: images of {} x {} pixels, expected sides of 1 to {}", path, nx, ny, kLargestSide);
  }
  if (!std::isfinite(pixel_size) || pixel_size <= 0) {
    fail("cannot write {}: a pixel size of {} A, expected a positive number", path, pixel_size);
  }
}

}  // namespace

std::string mrc_stack_header(int64_t nx, int64_t ny, int64_t images, double pixel_size, const ImageValues& values) {
  check_shape("an MRC stack", nx, ny, pixel_size);
  const auto header = header_bytes(nx, ny, images, pixel_size, false, {0, 0, 0},
                                   {static_cast<float>(values.minimum), static_cast<float>(values.maximum), values.mean, values.deviation});
  return {reinterpret_cast<const char*>(header.data()), header.size()};
}

MrcStackWriter::MrcStackWriter(const std::string& path, int64_t nx, int64_t ny, double pixel_size)
    : file_(path), path_(path), nx_(nx), ny_(ny), pixel_size_(pixel_size) {
  check_shape(path, nx, ny, pixel_size);
  const std::array<unsigned char, kHeaderBytes> placeholder{};
  file_.write(placeholder.data(), placeholder.size());
}

void MrcStackWriter::write_section(const float* values) {
  const int64_t count = nx_ * ny_;
  if (sections_ == 0) minimum_ = maximum_ = values[0];
  for (int64_t i = 0; i < count; ++i) {
    const float value = values[i];
    if (!std::isfinite(value)) {
      fail("cannot write {}: section {} (counted from 1) has the value {} at x {}, y {}", path_,
           sections_ + 1, value, i % nx_, i / nx_);
    }
    minimum_ = std::min(minimum_, value);
    maximum_ = std::max(maximum_, value);
    sum_ += value;
    sum_squares_ += static_cast<double>(value) * value;
  }
  file_.write(values, count * sizeof(float));
  ++sections_;
}

void MrcStackWriter::commit() {
  if (sections_ == 0) fail("cannot write {}: a stack without images", path_);
  if (sections_ > std::numeric_limits<int32_t>::max())
    fail("cannot write {}: too many sections for MRC", path_);
  const double count = static_cast<double>(nx_ * ny_) * static_cast<double>(sections_);
  Summary values{minimum_, maximum_, sum_ / count, 0};
  values.deviation = std::sqrt(std::max(0.0, sum_squares_ / count - values.mean * values.mean));
  const auto header = header_bytes(nx_, ny_, sections_, pixel_size_, is_volume_, origin_, values);
  file_.write_at(0, header.data(), header.size());
  file_.commit();
}

void write_volume(const std::string& path, const float* values, int64_t n, double pixel_size, std::array<double, 3> origin) {
  MrcStackWriter writer(path, n, n, pixel_size);
  writer.is_volume_ = true;
  writer.origin_ = origin;
  for (int64_t z = 0; z < n; ++z) writer.write_section(values + z * n * n);
  writer.commit();
}

}  // namespace cryomer
