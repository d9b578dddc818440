// Named tensors in one file, in the safetensors layout: an 8-byte little-endian header length, a JSON header with type,
// shape and byte range of each tensor and free text under "__metadata__", then the raw bytes. Any reader of that format
// opens our checkpoints, and they outlive libtorch versions.
#pragma once

#include <map>
#include <string>

#include "cryomer/tensor/tensor.h"

namespace cryomer {

struct NamedTensors {
  std::map<std::string, Tensor> tensors;          // float32, float64, int64, uint8
  std::map<std::string, std::string> metadata;
};

void write_safetensors(const std::string& path, const NamedTensors& content);
NamedTensors read_safetensors(const std::string& path);

}  // namespace cryomer
