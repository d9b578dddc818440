// A progress line for long work: done of total, rate and time left. Rewritten in place on a terminal, a plain line
// now and then elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace cryomer {

class Progress {
 public:
  Progress(std::string label, int64_t total, std::string unit);
  ~Progress();
  void advance(int64_t count, const std::string& note = "");
  void finish();

 private:
  void print(bool last);

  std::string label_, unit_, note_;
  int64_t total_, done_ = 0;
  std::chrono::steady_clock::time_point start_, last_print_;
  bool terminal_, printed_ = false, finished_ = false;
};

// Shows one status line in place on a terminal, or as a line of its own elsewhere. An empty text clears it.
void show_status_line(const std::string& text);
// From here on neither that nor progress is shown.
void hide_status_lines();
bool stderr_is_terminal();

}  // namespace cryomer
