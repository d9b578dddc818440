#include "cryomer/base/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cryomer/base/format.h"
#include "cryomer/base/text.h"

namespace cryomer {

bool stderr_is_terminal() {
  static const bool result = ::isatty(STDERR_FILENO) != 0;
  return result;
}

static bool hidden = false;

void hide_status_lines() { hidden = true; }

void show_status_line(const std::string& text) {
  if (hidden) return;
  if (stderr_is_terminal()) {
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
  } else if (!text.empty()) {
    std::fprintf(stderr, "%s\n", text.c_str());
  }
  std::fflush(stderr);
}

Progress::Progress(std::string label, int64_t total, std::string unit)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      start_(std::chrono::steady_clock::now()),
      last_print_(start_),
      terminal_(stderr_is_terminal()) {}

Progress::~Progress() {
  if (!finished_ && printed_ && terminal_) show_status_line("");
}

void Progress::advance(int64_t count, const std::string& note) {
  done_ += count;
  note_ = note;
  const auto now = std::chrono::steady_clock::now();
  const double since_last = std::chrono::duration<double>(now - last_print_).count();
  if (since_last < (terminal_ ? 0.2 : 15.0)) return;
  last_print_ = now;
  print(false);
}

void Progress::finish() {
  finished_ = true;
  // Short work stays silent.
  if (printed_ || std::chrono::steady_clock::now() - start_ > std::chrono::seconds(2)) print(true);
}

void Progress::print(bool last) {
  printed_ = true;
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const double rate = done_ / std::max(elapsed, 1e-9);
  std::string text = formatted("{}: {}/{} {} ({:.0f}/s", label_, done_, total_, unit_, rate);
  text += last ? formatted(", {})", duration_text(elapsed))
               : formatted(", {} left)", duration_text((total_ - done_) / std::max(rate, 1e-9)));
  if (!note_.empty()) text += "  " + note_;
  show_status_line(text);
  if (last && terminal_ && !hidden) std::fputc('\n', stderr);
}

}  // namespace cryomer
