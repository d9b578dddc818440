#include "cryomer/io/line_reader.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#ifdef CRYOMER_HAS_ZLIB
#include <zlib.h>
#endif

#include "cryomer/base/error.h"

namespace cryomer {

namespace {

// Far beyond any line of a PDB or mmCIF file; keeps a binary or damaged file from filling the memory.
constexpr size_t kLongestLine = size_t{1} << 20;

}  // namespace

#ifdef CRYOMER_HAS_ZLIB

// gzopen reads files that are not gzipped as they are.
struct LineReader::Stream {
  explicit Stream(const std::string& path) : file(::gzopen(path.c_str(), "rb")) {
    if (!file) fail("cannot open {}: {}", path, std::strerror(errno));
  }
  ~Stream() { ::gzclose(file); }

  size_t read(const std::string& path, char* bytes, size_t count) {
    const int got = ::gzread(file, bytes, static_cast<unsigned>(count));
    int code = Z_OK;
    const char* const reason = ::gzerror(file, &code);
    // A file that ends within its compressed data gives its bytes first and Z_BUF_ERROR at its end.
    if (got < 0 || (got == 0 && code == Z_BUF_ERROR)) {
      if (code == Z_ERRNO) fail("cannot read {}: {}", path, std::strerror(errno));
      fail("{} is a damaged or incomplete gzip file ({}): copy or compress it again", path, reason);
    }
    return static_cast<size_t>(got);
  }

  gzFile file;
};

#else

struct LineReader::Stream {
  explicit Stream(const std::string& path) : file(std::fopen(path.c_str(), "rb")) {
    if (!file) fail("cannot open {}: {}", path, std::strerror(errno));
  }
  ~Stream() { std::fclose(file); }

  size_t read(const std::string& path, char* bytes, size_t count) {
    const size_t got = std::fread(bytes, 1, count, file);
    if (std::ferror(file)) fail("cannot read {}: {}", path, std::strerror(errno));
    if (first && got >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b') {
      fail(
          "{} is gzipped and this build of Cryomer has no zlib: unpack it with gunzip, or install zlib1g-dev "
          "and build "
          "again",
          path);
    }
    first = false;
    return got;
  }

  std::FILE* file;
  bool first = true;
};

#endif

LineReader::LineReader(const std::string& path) : path_(path), buffer_(size_t{1} << 16) {
  if (std::filesystem::is_directory(path)) fail("cannot open {}: it is a folder", path);
  stream_ = std::make_unique<Stream>(path);
}

LineReader::~LineReader() = default;

bool LineReader::fill() {
  begin_ = 0;
  end_ = stream_->read(path_, buffer_.data(), buffer_.size());
  return end_ > 0;
}

bool LineReader::next(std::string& line) {
  line.clear();
  if (begin_ == end_ && !fill()) return false;
  ++line_number_;
  while (true) {
    const char* const start = buffer_.data() + begin_;
    const auto* const newline = static_cast<const char*>(std::memchr(start, '\n', end_ - begin_));
    const size_t count = newline ? static_cast<size_t>(newline - start) : end_ - begin_;
    line.append(start, count);
    if (line.size() > kLongestLine) {
      fail("{} line {} is longer than {} bytes: this is no PDB or mmCIF text", path_, line_number_,
           kLongestLine);
    }
    begin_ += count + (newline ? 1 : 0);
    if (newline || !fill()) break;
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return true;
}

}  // namespace cryomer
