#include "command.h"

#include "cryomer/base/log.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {

std::string command_line;

void CommonOptions::add(CLI::App& command, bool has_figures) {
  command.add_option("--seed", seed, "Seed of all random draws")->capture_default_str();
  command.add_option("--threads", threads, "Threads; 0: all cores")->capture_default_str()->check(CLI::NonNegativeNumber);
  command.add_flag("--verbose,-v", verbose, "Say more");
  command.add_flag("--quiet,-q", quiet, "Say only what is wrong");
  if (has_figures) command.add_option("--json", json, "Write the figures to this file as JSON");
}

void CommonOptions::apply() const {
  set_thread_count(threads);
  if (verbose) set_log_level(LogLevel::debug);
  if (quiet) set_log_level(LogLevel::warning);
}

}  // namespace cryomer
