#include "cryomer/base/atomic_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"

namespace cryomer {

namespace fs = std::filesystem;

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), target_(path_) {
  const fs::path parent = fs::path(path_).parent_path();
  if (!parent.empty() && !fs::is_directory(parent)) {
    fail("cannot write {}: the folder {} does not exist", path_, parent.string());
  }
  if (fs::is_directory(path_)) fail("cannot write {}: a folder of that name exists", path_);
  std::error_code none;
  if (fs::is_symlink(path_, none) && fs::exists(path_, none)) target_ = fs::canonical(path_, none).string();
  bool direct = fs::exists(path_, none) && !fs::is_regular_file(path_, none);
  for (const char* open_already : {"/dev/std", "/dev/fd/", "/proc/"}) direct |= starts_with(path_, open_already);  // even where it leads to a file
  if (!direct) temporary_path_ = formatted("{}.tmp{}", target_, ::getpid());
  file_ = std::fopen(temporary_path_.empty() ? path_.c_str() : temporary_path_.c_str(), "wb");
  if (!file_) fail_writing("cannot create");
}

AtomicFile::~AtomicFile() {
  if (!file_) return;
  std::fclose(file_);
  if (!temporary_path_.empty()) std::remove(temporary_path_.c_str());
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
  const bool closed = std::fclose(file) == 0;
  if (!closed || (!temporary_path_.empty() && std::rename(temporary_path_.c_str(), target_.c_str()) != 0)) {
    const int reason = errno;
    if (!temporary_path_.empty()) std::remove(temporary_path_.c_str());
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

void check_disk_room(const std::string& folder, double bytes, const std::string& what, const std::string& advice) {
  std::error_code problem;
  const fs::space_info space = fs::space(folder, problem);
  if (problem || double(space.available) >= bytes) return;
  fail("{}: {} needs {}, the disk has {} left. {}", folder, what, size_text(bytes), size_text(double(space.available)), advice);
}

}  // namespace cryomer
