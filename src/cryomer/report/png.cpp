#include "cryomer/report/png.h"

#include <array>

#include "cryomer/base/error.h"
#include "cryomer/report/zlib_stream.h"

namespace cryomer {

namespace {

void append_big_endian(std::string& bytes, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
}

// CRC-32 of PNG's annex D, polynomial 0xedb88320.
uint32_t crc32(const std::string& bytes) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> made{};
    for (uint32_t n = 0; n < 256; ++n) {
      uint32_t c = n;
      for (int k = 0; k < 8; ++k) c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
      made[n] = c;
    }
    return made;
  }();
  uint32_t c = 0xffffffffu;
  for (const char byte : bytes) c = table[(c ^ static_cast<uint8_t>(byte)) & 0xff] ^ (c >> 8);
  return c ^ 0xffffffffu;
}

void append_chunk(std::string& file, const std::string& type, const std::string& content) {
  append_big_endian(file, static_cast<uint32_t>(content.size()));
  file += type + content;
  append_big_endian(file, crc32(type + content));
}

}  // namespace

std::string png_bytes(const std::vector<uint8_t>& pixels, int width, int height) {
  if (width < 1 || height < 1 || pixels.size() != size_t(width) * size_t(height)) {
    fail("png: {} pixels do not make an image of {} x {}", pixels.size(), width, height);
  }
  std::string header;
  append_big_endian(header, static_cast<uint32_t>(width));
  append_big_endian(header, static_cast<uint32_t>(height));
  header += std::string("\x08\x00\x00\x00\x00", 5);  // 8 bits, grey, deflate, adaptive filters, not interlaced
  std::string rows;
  for (int y = 0; y < height; ++y) {
    rows += '\0';  // no filter
    rows.append(reinterpret_cast<const char*>(pixels.data()) + size_t(y) * width, size_t(width));
  }
  std::string file = "\x89PNG\r\n\x1a\n";
  append_chunk(file, "IHDR", header);
  append_chunk(file, "IDAT", zlib_stream(rows));
  append_chunk(file, "IEND", "");
  return file;
}

std::string base64(const std::string& bytes) {
  static const char* const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t present = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < present ? static_cast<uint8_t>(bytes[i + k]) : 0);
    for (size_t k = 0; k < 4; ++k) text += k <= present ? letters[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::string png_data_uri(const std::vector<uint8_t>& pixels, int width, int height) {
  return "data:image/png;base64," + base64(png_bytes(pixels, width, height));
}

}  // namespace cryomer
