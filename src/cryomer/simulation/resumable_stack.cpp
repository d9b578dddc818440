#include "cryomer/simulation/resumable_stack.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/text.h"
#include "cryomer/io/mrc_header.h"

namespace cryomer {

namespace {

constexpr int64_t kHeaderBytes = 1024;

std::string line_of(const MicrographFigures& f) {
  return formatted("{} {:.17g} {:.17g} {:.17g} {:.17g} {:.17g} {:.17g} {:.17g} {:.9g} {:.9g} {:.17g} {:.17g} .\n", f.index,
                   f.particles, f.signal_box, f.signal_disc, f.noise, f.contrast, f.electrons, f.background_deviation, f.minimum,
                   f.maximum, f.sum, f.squares);
}

// False for a line that was cut off.
bool parse_line(const std::string& line, MicrographFigures& f) {
  const std::vector<std::string> parts = split(line, ' ');
  if (parts.size() != 13 || parts.back() != ".") return false;
  double* const fields[] = {&f.particles, &f.signal_box,           &f.signal_disc, &f.noise,   &f.contrast,
                            &f.electrons, &f.background_deviation, &f.minimum,     &f.maximum, &f.sum,
                            &f.squares};
  const auto index = parse_int(parts[0]);
  if (!index) return false;
  f.index = *index;
  for (size_t i = 0; i < 11; ++i) {
    const auto value = parse_double(parts[i + 1]);
    if (!value) return false;
    *fields[i] = *value;
  }
  return true;
}

}  // namespace

ResumableStack::ResumableStack(const std::string& path, int64_t images, int64_t box, double pixel_size, const std::string& settings,
                               bool resume)
    : path_(path),
      partial_(path + ".partial"),
      journal_path_(path + ".journal"),
      images_(images),
      box_(box),
      pixel_size_(pixel_size) {
  const std::string first = "cryomer micrographs " + settings;
  if (resume) {
    if (!std::filesystem::exists(journal_path_) || !std::filesystem::exists(partial_)) {
      fail("--resume: there is no unfinished data set at {}; start without --resume", path);
    }
    const std::vector<std::string> lines = split(read_file(journal_path_), '\n');
    if (lines[0] != first) {
      fail(
          "--resume: {} was started with other settings, another structure or other states. Repeat its command line, or start anew "
          "with --overwrite",
          path);
    }
    for (size_t i = 1; i < lines.size(); ++i) {
      MicrographFigures f;
      if (!parse_line(lines[i], f) || f.index < 0 || f.index >= 100000000) continue;
      if (size_t(f.index) >= done_.size()) done_.resize(size_t(f.index) + 1);
      done_[size_t(f.index)] = f;
    }
    // Without a last line that was cut off.
    std::string kept = first + "\n";
    for (const MicrographFigures& f : done_) {
      if (f.index >= 0) kept += line_of(f);
    }
    write_file_atomically(journal_path_, kept);
  } else {
    std::filesystem::remove(journal_path_);
    std::filesystem::remove(partial_);
  }
  file_ = ::open(partial_.c_str(), O_RDWR | O_CREAT, 0666);
  if (file_ < 0) fail("cannot write {}: {}", partial_, std::strerror(errno));
  // The room for all images is taken now rather than found missing at the end.
  const int64_t bytes = kHeaderBytes + images * box * box * 4;
  const int reason = ::posix_fallocate(file_, 0, bytes);
  if (reason != 0 && (reason == ENOSPC || ::ftruncate(file_, bytes) != 0)) {
    fail("cannot write {}: {} for {}", partial_, std::strerror(reason), size_text(double(bytes)));
  }
  journal_ = std::fopen(journal_path_.c_str(), "ab");
  if (!journal_) fail("cannot write {}: {}", journal_path_, std::strerror(errno));
  if (!resume) append_journal(first + "\n");
}

ResumableStack::~ResumableStack() {
  if (file_ >= 0) ::close(file_);
  if (journal_) std::fclose(journal_);
}

void ResumableStack::append_journal(const std::string& line) {
  if (std::fwrite(line.data(), 1, line.size(), journal_) != line.size() || std::fflush(journal_) != 0) {
    fail("cannot write {}: {}", journal_path_, std::strerror(errno));
  }
}

void ResumableStack::write_image(int64_t row, const float* pixels) {
  const int64_t bytes = box_ * box_ * 4;
  for (int64_t i = 0; i < box_ * box_; ++i) {
    if (!std::isfinite(pixels[i]))
      fail("{}: image {} has the value {}; please report this with the command line", path_, row + 1, pixels[i]);
  }
  int64_t done = 0;
  while (done < bytes) {
    const auto written =
        ::pwrite(file_, reinterpret_cast<const char*>(pixels) + done, size_t(bytes - done), kHeaderBytes + row * bytes + done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("cannot write {}: {}", partial_, std::strerror(errno));
    done += written;
  }
}

void ResumableStack::finish_micrograph(const MicrographFigures& figures) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (size_t(figures.index) >= done_.size()) done_.resize(size_t(figures.index) + 1);
  done_[size_t(figures.index)] = figures;
  append_journal(line_of(figures));
}

void ResumableStack::commit() {
  ImageValues values;
  double sum = 0, squares = 0;
  for (size_t i = 0; i < done_.size(); ++i) {
    const MicrographFigures& f = done_[i];
    values.minimum = i == 0 ? f.minimum : std::min(values.minimum, f.minimum);
    values.maximum = i == 0 ? f.maximum : std::max(values.maximum, f.maximum);
    sum += f.sum;
    squares += f.squares;
  }
  const double count = double(images_) * double(box_) * double(box_);
  values.mean = sum / count;
  values.deviation = std::sqrt(std::max(0.0, squares / count - values.mean * values.mean));
  const std::string header = mrc_stack_header(box_, box_, images_, pixel_size_, values);
  if (::pwrite(file_, header.data(), header.size(), 0) != kHeaderBytes || ::fsync(file_) != 0)
    fail("cannot write {}: {}", partial_, std::strerror(errno));
  ::close(file_);
  file_ = -1;
  if (std::rename(partial_.c_str(), path_.c_str()) != 0) fail("cannot write {}: {}", path_, std::strerror(errno));
  std::fclose(journal_);
  journal_ = nullptr;
  std::filesystem::remove(journal_path_);
}

}  // namespace cryomer
