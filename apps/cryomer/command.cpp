#include "command.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <thread>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/progress.h"
#include "cryomer/base/text.h"
#include "cryomer/io/trajectory.h"
#include "cryomer/io/viewer_script.h"
#include "cryomer/tensor/tensor.h"
#include "cryomer/training/run_directory.h"

namespace cryomer {

namespace fs = std::filesystem;

std::string command_line;

// For CLI11, which takes what is too large for the largest number; what is no number at all it finds itself.
static std::string fits_whole_number(const std::string& text) {
  const bool digits = text.find_first_not_of("+-0123456789") == std::string::npos;
  return digits && text.size() > 15 && !parse_int(text) ? formatted("{} is too large, expected at most {}", text, INT64_MAX) : "";
}

void CommonOptions::add(CLI::App& command, bool has_figures) {
  this->command = &command;
  command.add_option("--seed", seed, "Seed of all random draws")->capture_default_str()->check(fits_whole_number);
  command.add_option("--threads", threads, "Threads; 0: all cores")->capture_default_str();
  command.add_flag("--verbose,-v", verbose, "Say more");
  command.add_flag("--quiet,-q", quiet, "Say only what is wrong");
  if (has_figures) command.add_option("--json", json, "Write the figures to this file as JSON");
}

void CommonOptions::apply() const {
  // A variable that a script never set would pass for a flag that is not there.
  for (const CLI::Option* option : command->get_options()) {
    for (const std::string& value : option->results()) {
      if (value.empty()) fail_usage("{} is empty: give it a value{}", option->get_name(), option->get_required() ? "" : " or leave it out");
    }
  }
  const int most = std::max(64, 4 * static_cast<int>(std::thread::hardware_concurrency()));
  if (threads < 0 || threads > most) fail_usage("--threads {}: expected 1 to {}, or 0 for all cores", threads, most);
  set_thread_count(threads);
  if (verbose) set_log_level(LogLevel::debug);
  if (quiet) {
    set_log_level(LogLevel::warning);
    hide_status_lines();
  }
  if (json.empty()) return;
  check_output_file("--json", json, true);
  std::error_code ignored;
  if (fs::is_regular_file(json, ignored) && fs::file_size(json, ignored) > 0 && read_file(json)[0] != '{') {
    fail_usage("--json {}: the file exists and holds something else. Choose another name", json);
  }
}

void check_output_file(const std::string& flag, const std::string& path, bool overwrite) {
  if (path.empty()) fail_usage("{}: the name is empty, expected that of a file", flag);
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) fail_usage("{} {}: a folder of that name exists, expected the name of a file", flag, path);
  const fs::path parent = fs::path(path).parent_path();
  if (!parent.empty() && !fs::is_directory(parent, ignored)) {
    fail_usage("{} {}: the folder {} does not exist; make it first", flag, path, parent.string());
  }
  // What a run consists of is not replaced by what is made of it.
  const RunDirectory run{parent.empty() ? "." : parent.string()};
  if (fs::exists(run.checkpoint(), ignored) && run.owns(fs::path(path).filename().string())) {
    fail_usage("{} {}: this file is part of the run in {}. Choose another name", flag, path, run.path);
  }
  if (!overwrite && fs::is_regular_file(path, ignored) && fs::file_size(path, ignored) > 0) {
    fail_usage("{} {}: the file exists. Choose another name, or say --overwrite", flag, path);
  }
}

void check_keeps_input(const std::string& flag, const std::string& path, const std::string& input) {
  std::error_code ignored;
  if (fs::equivalent(path, input, ignored)) fail_usage("{} {}: this would replace what is read, {}. Choose another name", flag, path, input);
}

void check_trajectory_output(const std::string& path, bool overwrite, bool scripts) {
  check_output_file("--out", path, overwrite);
  if (!is_trajectory_name(path)) fail_usage("--out {}: the name must end in .dcd, .pdb or .cif", path);
  if (!scripts) return;
  for (const std::string& script : viewer_script_names(path)) check_output_file("--scripts", script, overwrite);
}

// Takes the folder for this program until the descriptor is closed, which the system does when the program ends, however that is. -1 where
// there is no folder.
static int take_folder(const std::string& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // A file system that knows no locks has none.
  if (folder >= 0 && ::flock(folder, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(folder);
    fail("--out {}: another program is writing into this folder. Wait until it has ended, or choose another", path);
  }
  return folder;
}

void check_folder_is_free(const std::string& path) {
  if (const int folder = take_folder(path); folder >= 0) ::close(folder);
}

OutputFolder::OutputFolder(const std::string& path, bool overwrite, bool resume) : path_(path) {
  std::error_code ignored;
  existed_ = fs::exists(path, ignored);
  fresh_ = !existed_ || fs::is_empty(path, ignored);
  check_folder_is_free(path);
  prepare_output_folder(path, overwrite, resume);
  lock_ = take_folder(path);
}

OutputFolder::~OutputFolder() {
  if (lock_ >= 0) ::close(lock_);
  if (kept_ || !fresh_) return;
  std::error_code ignored;
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_, ignored)) {
    if (entry.is_regular_file(ignored)) files.push_back(entry.path());
  }
  for (const fs::path& file : files) fs::remove(file, ignored);
  if (!existed_) fs::remove(path_, ignored);
}

}  // namespace cryomer
