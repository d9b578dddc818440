#include "cryomer/base/stop.h"

#include <unistd.h>

#include <csignal>

namespace cryomer {

namespace {

volatile std::sig_atomic_t stop_flag = 0;

void on_signal(int signal) {
  if (stop_flag) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  stop_flag = 1;
  constexpr char said[] = "\nstopping when what is under way can be left; once more stops at once, and what is not saved is lost\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, said, sizeof said - 1);
}

}  // namespace

void catch_stop_signals() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  // A terminal that closes; not under nohup, which has it ignored.
  if (std::signal(SIGHUP, on_signal) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
}

bool stop_requested() { return stop_flag != 0; }

void forget_stop_request() { stop_flag = 0; }

}  // namespace cryomer
