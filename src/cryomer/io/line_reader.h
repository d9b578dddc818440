// Lines of a text file, gzipped or not (told by its first bytes, not its name), one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cryomer {

class LineReader {
 public:
  explicit LineReader(const std::string& path);
  ~LineReader();

  // The next line without its end (LF or CR-LF), or false at the end of the file.
  bool next(std::string& line);
  int64_t line_number() const { return line_number_; }  // of the last line, from 1
  const std::string& path() const { return path_; }

 private:
  bool fill();

  struct Stream;
  std::string path_;
  std::unique_ptr<Stream> stream_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;
  int64_t line_number_ = 0;
};

}  // namespace cryomer
