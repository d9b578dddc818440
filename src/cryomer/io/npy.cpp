#include "cryomer/io/npy.h"

#include <cstring>
#include <limits>
#include <string_view>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/text.h"

namespace cryomer {

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) text += formatted("{}{}", i > 0 ? ", " : "", shape[i]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

// What follows 'key': in the header, a Python dictionary of literals; empty when the key is absent.
std::string_view value_of(std::string_view header, const std::string& key) {
  for (const char quote : {'\'', '"'}) {
    const size_t at = header.find(quote + key + quote);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = header.substr(at + key.size() + 2);
    const size_t colon = rest.find(':');
    if (colon == std::string_view::npos) return {};
    return trimmed(rest.substr(colon + 1));
  }
  return {};
}

template <class Number>
void convert(const char* bytes, std::vector<float>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    Number number;
    std::memcpy(&number, bytes + i * sizeof(Number), sizeof(Number));
    values[i] = static_cast<float>(number);
  }
}

struct NumberType {
  const char* name;
  size_t size;
  void (*convert)(const char*, std::vector<float>&);
};

constexpr NumberType kTypes[] = {
    {"f4", 4, convert<float>},    {"f8", 8, convert<double>},   {"i1", 1, convert<int8_t>},
    {"i2", 2, convert<int16_t>},  {"i4", 4, convert<int32_t>},  {"i8", 8, convert<int64_t>},
    {"u1", 1, convert<uint8_t>},  {"u2", 2, convert<uint16_t>}, {"u4", 4, convert<uint32_t>},
    {"u8", 8, convert<uint64_t>}, {"b1", 1, convert<uint8_t>}};

const NumberType& type_named(const std::string& path, std::string_view description) {
  if (starts_with(description, "[")) {
    fail("{} is a structured array (named columns, as cryoSPARC writes), expected plain numbers", path);
  }
  const char quote = description.empty() ? ' ' : description.front();
  const size_t end = quote == '\'' || quote == '"' ? description.find(quote, 1) : std::string_view::npos;
  if (end == std::string_view::npos)
    fail("{}: its header does not name the type of its numbers (descr)", path);
  const std::string_view name = description.substr(1, end - 1);
  if (name.find('O') != std::string_view::npos) {
    fail(
        "{} holds pickled Python objects, which are not read: save plain numbers, numpy.asarray(x, "
        "dtype='float32')",
        path);
  }
  for (const NumberType& type : kTypes) {
    const bool little =
        !name.empty() && (name[0] == '<' || ((name[0] == '|' || name[0] == '=') && type.size == 1));
    if (little && name.substr(1) == type.name) return type;
  }
  fail(
      "{} holds numbers of type '{}', expected little-endian float32, float64 or integers: save "
      "x.astype('<f4')",
      path, name);
}

std::vector<int64_t> parse_shape(const std::string& path, std::string_view text) {
  const size_t end = text.find(')');
  if (text.empty() || text.front() != '(' || end == std::string_view::npos) {
    fail("{}: its header does not give the shape of the array", path);
  }
  std::vector<int64_t> shape;
  for (const std::string& part : split(text.substr(1, end - 1), ',')) {
    if (trimmed(part).empty()) continue;
    const auto size = parse_int(part);
    if (!size || *size < 0) fail("{}: its shape {} is not a list of sizes", path, text.substr(0, end + 1));
    shape.push_back(*size);
  }
  return shape;
}

// The number of values; fails when they cannot be what `bytes` bytes hold.
size_t value_count(const std::string& path, const std::vector<int64_t>& shape, size_t value_size,
                   size_t bytes) {
  uint64_t count = 1;
  bool too_many = false;
  for (int64_t size : shape) {
    if (size == 0) return 0;
    too_many = too_many || count > std::numeric_limits<uint64_t>::max() / static_cast<uint64_t>(size);
    if (!too_many) count *= static_cast<uint64_t>(size);
  }
  if (too_many || count > bytes / value_size) {
    fail(
        "{} is incomplete: an array of shape {} with {} bytes a number does not fit the {} bytes after its "
        "header",
        path, shape_text(shape), value_size, bytes);
  }
  return static_cast<size_t>(count);
}

}  // namespace

void write_npy(const std::string& path, const std::vector<int64_t>& shape, const float* values) {
  size_t count = 1;
  for (int64_t size : shape) {
    if (size < 0) fail("cannot write {}: its shape would be {}", path, shape_text(shape));
    count *= static_cast<size_t>(size);
  }
  std::string header =
      formatted("{{'descr': '<f4', 'fortran_order': False, 'shape': {}, }}", shape_text(shape));
  // The data begin at a multiple of 64 bytes, after a line end.
  const size_t before = kMagic.size() + 4;
  header.append(63 - (before + header.size()) % 64, ' ');
  header += '\n';
  AtomicFile file(path);
  file.write(kMagic);
  const char start[4] = {1, 0, static_cast<char>(header.size() & 0xff),
                         static_cast<char>(header.size() >> 8)};
  file.write(start, sizeof start);
  file.write(header);
  file.write(values, count * sizeof(float));
  file.commit();
}

NpyArray read_npy(const std::string& path) {
  const std::string bytes = read_file(path);
  if (!starts_with(bytes, kMagic) || bytes.size() < kMagic.size() + 4) {
    fail("{} is no .npy file: it does not begin with \\x93NUMPY", path);
  }
  const int version = static_cast<unsigned char>(bytes[6]);
  if (version < 1 || version > 3) fail("{} has .npy format {}, expected 1 to 3", path, version);
  const size_t length_size = version == 1 ? 2 : 4;
  const size_t header_start = 8 + length_size;
  if (bytes.size() < header_start) fail("{} is incomplete: it ends within its header", path);
  size_t header_length = 0;
  for (size_t i = 0; i < length_size; ++i) {
    header_length |= static_cast<size_t>(static_cast<unsigned char>(bytes[8 + i])) << (8 * i);
  }
  if (header_length > bytes.size() - header_start) fail("{} is incomplete: it ends within its header", path);
  const std::string_view header = std::string_view(bytes).substr(header_start, header_length);

  const NumberType& type = type_named(path, value_of(header, "descr"));
  NpyArray array;
  array.shape = parse_shape(path, value_of(header, "shape"));
  if (!starts_with(value_of(header, "fortran_order"), "False") && array.shape.size() > 1) {
    fail("{} is stored column by column (fortran_order): save numpy.ascontiguousarray(x)", path);
  }
  const size_t data_start = header_start + header_length;
  array.values.resize(value_count(path, array.shape, type.size, bytes.size() - data_start));
  type.convert(bytes.data() + data_start, array.values);
  return array;
}

}  // namespace cryomer
