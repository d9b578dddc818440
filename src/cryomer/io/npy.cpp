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

template <class Number>
double number_at(const char* bytes) {
  Number number;
  std::memcpy(&number, bytes, sizeof number);
  return static_cast<double>(number);
}

struct NumberType {
  const char* name;
  size_t size;
  void (*convert)(const char*, std::vector<float>&);
  double (*number_at)(const char*);
};

template <class Number>
constexpr NumberType number_type(const char* name) {
  return {name, sizeof(Number), convert<Number>, number_at<Number>};
}

constexpr NumberType kTypes[] = {number_type<float>("f4"),    number_type<double>("f8"),   number_type<int8_t>("i1"),   number_type<int16_t>("i2"),
                                 number_type<int32_t>("i4"),  number_type<int64_t>("i8"),  number_type<uint8_t>("u1"),  number_type<uint16_t>("u2"),
                                 number_type<uint32_t>("u4"), number_type<uint64_t>("u8"), number_type<uint8_t>("b1")};

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

namespace {

// A file's bytes, its header and where its data begin.
struct Parts {
  std::string bytes;
  std::string_view header;
  size_t data = 0;
};

Parts parts_of(const std::string& path) {
  Parts parts;
  parts.bytes = read_file(path);
  const std::string& bytes = parts.bytes;
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
  parts.header = std::string_view(parts.bytes).substr(header_start, header_length);
  parts.data = header_start + header_length;
  return parts;
}

}  // namespace

NpyArray read_npy(const std::string& path) {
  const Parts parts = parts_of(path);
  const NumberType& type = type_named(path, value_of(parts.header, "descr"));
  NpyArray array;
  array.shape = parse_shape(path, value_of(parts.header, "shape"));
  if (!starts_with(value_of(parts.header, "fortran_order"), "False") && array.shape.size() > 1) {
    fail("{} is stored column by column (fortran_order): save numpy.ascontiguousarray(x)", path);
  }
  array.values.resize(value_count(path, array.shape, type.size, parts.bytes.size() - parts.data));
  type.convert(parts.bytes.data() + parts.data, array.values);
  return array;
}

namespace {

struct Field {
  std::string name;
  const NumberType* number = nullptr;  // null: text
  int64_t width = 1;
  size_t size = 0;  // bytes of one number, or of the text
};

// [('uid', '<u8'), ('blob/shape', '<u4', (2,)), ...], a list of Python tuples.
std::vector<Field> parse_fields(const std::string& path, std::string_view text) {
  std::vector<Field> fields;
  const size_t end = text.find(']');
  if (text.empty() || text.front() != '[' || end == std::string_view::npos) {
    fail("{} is an array of plain numbers, expected named columns (a structured array), as cryoSPARC writes", path);
  }
  text = text.substr(1, end - 1);
  auto bad = [&](std::string_view where) {
    fail("{}: its header lists a column that is not understood, near '{}'; expected ('name', '<f4') or ('name', '<f4', (2,))", path,
         where.substr(0, 40));
  };
  auto quoted = [&](std::string_view& rest) {
    rest = trimmed(rest);
    if (rest.empty() || (rest.front() != '\'' && rest.front() != '"')) bad(rest);
    const size_t close = rest.find(rest.front(), 1);
    if (close == std::string_view::npos) bad(rest);
    const std::string value(rest.substr(1, close - 1));
    rest = trimmed(rest.substr(close + 1));
    if (starts_with(rest, ",")) rest = trimmed(rest.substr(1));
    return value;
  };
  while (!(text = trimmed(text)).empty()) {
    if (text.front() != '(') bad(text);
    text.remove_prefix(1);
    Field field;
    field.name = quoted(text);
    const std::string type = quoted(text);
    if (type == "O" || type == "|O") fail("{}: column '{}' holds pickled Python objects, which are not read", path, field.name);
    if (type.size() < 2 || (type[0] != '<' && type[0] != '|' && type[0] != '=')) bad(type);
    if (starts_with(text, "(")) {
      for (const int64_t size : parse_shape(path, text)) {
        if (size < 1 || size > 1 << 20 || field.width > 1 << 20) bad(text);
        field.width *= size;
      }
      text = trimmed(text.substr(text.find(')') + 1));
    }
    if (!starts_with(text, ")")) bad(text);
    text = trimmed(text.substr(1));
    if (starts_with(text, ",")) text.remove_prefix(1);
    if (type[1] == 'S') {
      const auto size = parse_int(std::string_view(type).substr(2));
      if (!size || *size < 0 || *size > 1 << 20 || field.width != 1) bad(type);
      field.size = size_t(*size);
    } else {
      for (const NumberType& known : kTypes) {
        if (type.substr(1) == known.name) field.number = &known;
      }
      if (!field.number) fail("{}: column '{}' has numbers of type '{}', expected little-endian integers, float32, float64 or byte strings", path, field.name, type);
      field.size = field.number->size;
    }
    fields.push_back(field);
  }
  if (fields.empty()) fail("{}: its header names no columns", path);
  return fields;
}

}  // namespace

const NpyColumn* NpyTable::find(const std::string& name) const {
  for (const NpyColumn& column : columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

NpyTable read_npy_table(const std::string& path) {
  const Parts parts = parts_of(path);
  const std::vector<Field> fields = parse_fields(path, value_of(parts.header, "descr"));
  const std::vector<int64_t> shape = parse_shape(path, value_of(parts.header, "shape"));
  if (shape.size() != 1) fail("{} has the shape {}, expected one row a record", path, shape_text(shape));
  size_t record = 0;
  for (const Field& field : fields) record += field.size * size_t(field.width);
  if (record == 0) fail("{}: its records are empty", path);
  value_count(path, shape, record, parts.bytes.size() - parts.data);
  NpyTable table;
  table.rows = shape[0];
  size_t offset = parts.data;
  for (const Field& field : fields) {
    NpyColumn column;
    column.name = field.name;
    column.width = field.width;
    for (int64_t row = 0; row < table.rows; ++row) {
      const char* const cell = parts.bytes.data() + offset + size_t(row) * record;
      if (!field.number) {
        column.texts.emplace_back(cell, strnlen(cell, field.size));
        continue;
      }
      for (int64_t k = 0; k < field.width; ++k) column.numbers.push_back(field.number->number_at(cell + size_t(k) * field.size));
      if (field.number->number_at == number_at<uint64_t> && field.width == 1) {
        uint64_t whole;
        std::memcpy(&whole, cell, sizeof whole);
        column.texts.push_back(formatted("{}", whole));
      }
    }
    offset += field.size * size_t(field.width);
    table.columns.push_back(std::move(column));
  }
  return table;
}

}  // namespace cryomer
