// Running the real program, as a user would.
#pragma once

#include <string>
#include <vector>

namespace cryomer::testing {

struct Outcome {
  int exit_code = -1;
  std::string output;  // stdout and stderr, in order
};

// Runs `cryomer ARGUMENTS` (a shell's command line) with two threads and waits for it.
Outcome run_cryomer(const std::string& arguments);

// A run that must succeed: what it said.
std::string done(const std::string& arguments);
// A run that must fail with this exit code and an error that says this.
void refused(const std::string& arguments, int exit_code, const std::vector<std::string>& parts);

// A run in the background that can be sent a signal.
class BackgroundRun {
 public:
  explicit BackgroundRun(const std::vector<std::string>& arguments, const std::string& output_file);
  ~BackgroundRun();
  void interrupt() const;  // as Ctrl-C
  int wait();              // exit code; 128 + the signal when it was killed by one
  bool is_running();

 private:
  int process_ = -1;
  int status_ = 0;
  bool finished_ = false;
};

int count_of_lines(const std::string& text);

// Waits until the file exists and has at least so many lines; false after a minute.
bool wait_for_lines(const std::string& path, int lines, BackgroundRun& run);

}  // namespace cryomer::testing
