#include "cryomer/report/zlib_stream.h"

#include <algorithm>
#include <cstdint>

#include "cryomer/base/error.h"

#ifdef CRYOMER_HAS_ZLIB
#include <zlib.h>
#endif

namespace cryomer {

namespace {

uint32_t adler(const std::string& bytes) {
  uint32_t a = 1, b = 0;
  for (const char byte : bytes) {
    a = (a + static_cast<uint8_t>(byte)) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

}  // namespace

std::string zlib_stored(const std::string& bytes) {
  constexpr size_t kLargest = 65535;
  std::string stream = "\x78\x01";
  size_t done = 0;
  do {
    const size_t size = std::min(kLargest, bytes.size() - done);
    stream += static_cast<char>(done + size == bytes.size());
    for (const size_t value : {size, ~size}) {
      stream += static_cast<char>(value & 0xff);
      stream += static_cast<char>(value >> 8 & 0xff);
    }
    stream.append(bytes, done, size);
    done += size;
  } while (done < bytes.size());
  const uint32_t sum = adler(bytes);
  for (int shift = 24; shift >= 0; shift -= 8) stream += static_cast<char>(sum >> shift & 0xff);
  return stream;
}

std::string zlib_stream(const std::string& bytes) {
#ifdef CRYOMER_HAS_ZLIB
  constexpr int kLevel = 6;
  uLongf size = compressBound(uLong(bytes.size()));
  std::string stream(size, '\0');
  const int status = compress2(reinterpret_cast<Bytef*>(stream.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                               uLong(bytes.size()), kLevel);
  if (status != Z_OK) fail("cannot compress {} bytes: zlib's error {}", bytes.size(), status);
  stream.resize(size);
  return stream;
#else
  return zlib_stored(bytes);
#endif
}

}  // namespace cryomer
