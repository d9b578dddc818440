#include "cryomer/tensor/safetensors.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "cryomer/base/atomic_file.h"

namespace cryomer {

namespace {

using Json = nlohmann::ordered_json;

struct TypeName {
  at::ScalarType type;
  const char* name;
};
constexpr TypeName kTypes[] = {
    {at::kFloat, "F32"}, {at::kDouble, "F64"}, {at::kLong, "I64"}, {at::kByte, "U8"}};

const char* name_of(at::ScalarType type, const std::string& tensor) {
  for (const TypeName& known : kTypes) {
    if (known.type == type) return known.name;
  }
  fail("tensor '{}' has a type that checkpoints do not hold", tensor);
}

at::ScalarType type_of(const std::string& name, const std::string& path) {
  for (const TypeName& known : kTypes) {
    if (name == known.name) return known.type;
  }
  fail("{}: tensor type '{}' is not supported", path, name);
}

}  // namespace

void write_safetensors(const std::string& path, const NamedTensors& content) {
  Json header = Json::object();
  if (!content.metadata.empty()) header["__metadata__"] = content.metadata;
  uint64_t offset = 0;
  std::vector<Tensor> plain;
  for (const auto& [name, tensor] : content.tensors) {
    plain.push_back(tensor.detach().to(at::kCPU).contiguous());
    const uint64_t bytes = plain.back().nbytes();
    header[name] = {{"dtype", name_of(plain.back().scalar_type(), name)},
                    {"shape", plain.back().sizes().vec()},
                    {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // tensors start aligned
  AtomicFile file(path);
  const uint64_t length = text.size();
  file.write(&length, sizeof length);
  file.write(text);
  for (const Tensor& tensor : plain) file.write(tensor.data_ptr(), tensor.nbytes());
  file.commit();
}

NamedTensors read_safetensors(const std::string& path) {
  const std::string bytes = read_file(path);
  uint64_t length = 0;
  if (bytes.size() >= sizeof length) std::memcpy(&length, bytes.data(), sizeof length);
  if (bytes.size() < sizeof length || length > bytes.size() - sizeof length) {
    fail("{}: not a safetensors file, or cut short ({} bytes)", path, bytes.size());
  }
  NamedTensors content;
  const char* const data = bytes.data() + sizeof length + length;
  const uint64_t available = bytes.size() - sizeof length - length;
  try {
    const Json header = Json::parse(bytes.begin() + sizeof length, bytes.begin() + sizeof length + length);
    for (const auto& [name, entry] : header.items()) {
      if (name == "__metadata__") {
        content.metadata = entry.get<std::map<std::string, std::string>>();
        continue;
      }
      const auto shape = entry.at("shape").get<std::vector<int64_t>>();
      const auto range = entry.at("data_offsets").get<std::vector<uint64_t>>();
      int64_t count = 1;
      for (const int64_t size : shape) {
        if (size < 0 || size > int64_t{1} << 40 || (size > 0 && count > (int64_t{1} << 40) / size)) fail("{}: tensor '{}' has an absurd shape", path, name);
        count *= size;
      }
      const at::ScalarType type = type_of(entry.at("dtype").get<std::string>(), path);
      if (range.size() != 2 || range[1] < range[0] || range[1] > available ||
          range[1] - range[0] != static_cast<uint64_t>(count) * c10::elementSize(type)) {
        fail("{}: tensor '{}' does not fit into the file (cut short?)", path, name);
      }
      Tensor tensor = at::empty(shape, type);
      if (count > 0) std::memcpy(tensor.data_ptr(), data + range[0], range[1] - range[0]);
      content.tensors[name] = tensor;
    }
  } catch (const Json::exception& problem) {
    fail("{}: damaged header: {}", path, problem.what());
  }
  return content;
}

}  // namespace cryomer
