// Grey images as PNG files in memory, and bytes as text for data URIs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cryomer {

// pixels [height][width], one byte each.
std::string png_bytes(const std::vector<uint8_t>& pixels, int width, int height);

std::string base64(const std::string& bytes);

// "data:image/png;base64,..."
std::string png_data_uri(const std::vector<uint8_t>& pixels, int width, int height);

}  // namespace cryomer
