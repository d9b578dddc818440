#include "cryomer/base/atomic_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cryomer/base/error.h"

namespace cryomer {

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  temporary_path_ = formatted("{}.tmp{}", path_, ::getpid());
  const std::filesystem::path parent = std::filesystem::path(path_).parent_path();
  if (!parent.empty() && !std::filesystem::is_directory(parent)) {
    fail("cannot write {}: the folder {} does not exist", path_, parent.string());
  }
  if (std::filesystem::is_directory(path_)) fail("cannot write {}: a folder of that name exists", path_);
  file_ = std::fopen(temporary_path_.c_str(), "wb");
  if (!file_) fail_writing("cannot create");
}

AtomicFile::~AtomicFile() {
  if (!file_) return;
  std::fclose(file_);
  std::remove(temporary_path_.c_str());
}

void AtomicFile::fail_writing(const char* what) const {
  const int reason = errno;
  fail("{} {}: {}{}", what, path_, std::strerror(reason),
       reason == ENOSPC ? " (free some space and run again; the previous file, if any, is untouched)" : "");
}

void AtomicFile::write(const void* bytes, size_t count) {
  if (count > 0 && std::fwrite(bytes, 1, count, file_) != count) fail_writing("cannot write");
}

void AtomicFile::write_at(size_t offset, const void* bytes, size_t count) {
  if (std::fseek(file_, static_cast<long>(offset), SEEK_SET) != 0) fail_writing("cannot write");
  write(bytes, count);
  if (std::fseek(file_, 0, SEEK_END) != 0) fail_writing("cannot write");
}

void AtomicFile::commit() {
  if (std::fflush(file_) != 0 || ::fsync(::fileno(file_)) != 0) {
    // Some file systems cannot sync; only a real write error matters.
    if (errno != EINVAL && errno != EROFS) fail_writing("cannot write");
  }
  std::FILE* file = file_;
  file_ = nullptr;
  if (std::fclose(file) != 0 || std::rename(temporary_path_.c_str(), path_.c_str()) != 0) {
    const int reason = errno;
    std::remove(temporary_path_.c_str());
    errno = reason;
    fail_writing("cannot write");
  }
}

void write_file_atomically(const std::string& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

std::string read_file(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) fail("cannot open {}: {}", path, std::strerror(errno));
  std::string text;
  char buffer[1 << 16];
  size_t count = 0;
  while ((count = std::fread(buffer, 1, sizeof buffer, file)) > 0) text.append(buffer, count);
  const bool broken = std::ferror(file) != 0;
  const int reason = errno;
  std::fclose(file);
  if (broken) fail("cannot read {}: {}", path, std::strerror(reason));
  return text;
}

}  // namespace cryomer
