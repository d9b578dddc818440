#include "app/program.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace cryomer::testing {

Outcome run_cryomer(const std::string& arguments) {
  const std::string command = std::string("'") + CRYOMER_BINARY + "' " + arguments + " 2>&1";
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot start " + command);
  Outcome outcome;
  char buffer[4096];
  while (const size_t count = std::fread(buffer, 1, sizeof buffer, pipe)) outcome.output.append(buffer, count);
  const int status = ::pclose(pipe);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

BackgroundRun::BackgroundRun(const std::vector<std::string>& arguments, const std::string& output_file) {
  std::vector<char*> argv{const_cast<char*>(CRYOMER_BINARY)};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  process_ = ::fork();
  if (process_ < 0) throw std::runtime_error("cannot fork");
  if (process_ == 0) {
    const int file = ::open(output_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ::dup2(file, 1);
    ::dup2(file, 2);
    ::execv(CRYOMER_BINARY, argv.data());
    ::_exit(127);
  }
}

BackgroundRun::~BackgroundRun() {
  if (finished_) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, &status_, 0);
}

void BackgroundRun::interrupt() const { ::kill(process_, SIGINT); }

bool BackgroundRun::is_running() {
  if (!finished_) finished_ = ::waitpid(process_, &status_, WNOHANG) == process_;
  return !finished_;
}

int BackgroundRun::wait() {
  if (!finished_) ::waitpid(process_, &status_, 0);
  finished_ = true;
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

int count_of_lines(const std::string& text) { return static_cast<int>(std::count(text.begin(), text.end(), '\n')); }

bool wait_for_lines(const std::string& path, int lines, BackgroundRun& run) {
  for (int i = 0; i < 1200 && run.is_running(); ++i) {
    std::ifstream file(path);
    int found = 0;
    for (std::string line; std::getline(file, line);) ++found;
    if (found >= lines) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

std::string done(const std::string& arguments) {
  const Outcome outcome = run_cryomer(arguments);
  EXPECT_EQ(outcome.exit_code, 0) << "cryomer " << arguments << "\n" << outcome.output;
  return outcome.output;
}

void refused(const std::string& arguments, int exit_code, const std::vector<std::string>& parts) {
  const Outcome outcome = run_cryomer(arguments);
  EXPECT_EQ(outcome.exit_code, exit_code) << "cryomer " << arguments << "\n" << outcome.output;
  EXPECT_NE(outcome.output.find("error: "), std::string::npos) << outcome.output;
  for (const std::string& part : parts) {
    EXPECT_NE(outcome.output.find(part), std::string::npos) << "missing '" << part << "' in: " << outcome.output;
  }
}

}  // namespace cryomer::testing
