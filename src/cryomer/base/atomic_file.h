// A file that appears whole or not at all: written under a temporary name in the same folder, renamed by commit(). A link stays and
// what it points to is replaced; pipes and devices, such as /dev/stdout, are written to directly.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace cryomer {

class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile();  // without commit() the temporary file is removed and an existing file stays as it was
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* bytes, size_t count);
  void write(std::string_view text) { write(text.data(), text.size()); }
  // Overwrites `count` bytes at `offset` from the start, for headers that are known only at the end.
  void write_at(size_t offset, const void* bytes, size_t count);
  // Flushes to disk and renames. Fails with the reason, e.g. a full disk.
  void commit();

 private:
  [[noreturn]] void fail_writing(const char* what) const;

  std::string path_;
  std::string target_, temporary_path_;  // no temporary file: it is written to directly
  std::FILE* file_ = nullptr;
};

void write_file_atomically(const std::string& path, std::string_view text);
std::string read_file(const std::string& path);

// Fails when the file system of a folder has fewer bytes left: "<folder>: <what> needs 3 GB, the disk has 1 GB left. <advice>".
void check_disk_room(const std::string& folder, double bytes, const std::string& what, const std::string& advice);

}  // namespace cryomer
