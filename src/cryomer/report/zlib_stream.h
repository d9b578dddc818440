// Bytes as a zlib stream (RFC 1950), which PNG holds and which browsers unpack as "deflate".
#pragma once

#include <string>

namespace cryomer {

// Compressed where the build has zlib, else stored.
std::string zlib_stream(const std::string& bytes);

// In deflate's stored blocks (RFC 1951, 3.2.4): no smaller, but needs no library.
std::string zlib_stored(const std::string& bytes);

}  // namespace cryomer
