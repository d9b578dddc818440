// What every sub-command shares: how it registers itself, and the options all of them have.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace cryomer {

// Options of every sub-command.
struct CommonOptions {
  int threads = 0;
  int64_t seed = 1;
  bool verbose = false, quiet = false;
  std::string json;  // file for the figures
  const CLI::App* command = nullptr;

  void add(CLI::App& command, bool has_figures);
  // Takes effect, after a look at whether a flag of the command is given as an empty text and whether the figures can be written.
  void apply() const;
};

// Fails on a name that cannot be written to, before work is done for it: a folder, no folder to stand in, or a file
// that exists already and may not be replaced.
void check_output_file(const std::string& flag, const std::string& path, bool overwrite);

// Fails where writing to `path` would replace `input`, whatever --overwrite says.
void check_keeps_input(const std::string& flag, const std::string& path, const std::string& input);

// For --out of a trajectory, and the scripts beside it.
void check_trajectory_output(const std::string& path, bool overwrite, bool scripts);

// Fails when another program holds an OutputFolder of it.
void check_folder_is_free(const std::string& path);

// Takes back what a command wrote into its output folder when it fails, so that it can simply be run again. Only of a
// folder that was new or empty; others are left alone. While it lives no other program gets one for the same folder.
class OutputFolder {
 public:
  OutputFolder(const std::string& path, bool overwrite, bool resume);
  ~OutputFolder();
  void keep() { kept_ = true; }

 private:
  std::string path_;
  bool existed_, fresh_, kept_ = false;
  int lock_ = -1;
};

// Each adds its sub-command to the program; the work is done in the callback.
void add_simulate(CLI::App& program);
void add_train(CLI::App& program);
void add_sample(CLI::App& program);
void add_infer(CLI::App& program);
void add_interpolate(CLI::App& program);
void add_place(CLI::App& program);
void add_project(CLI::App& program);
void add_evaluate(CLI::App& program);
void add_map(CLI::App& program);
void add_analyze(CLI::App& program);
void add_report(CLI::App& program);
void add_doctor(CLI::App& program);

// The exact command line, for logs and reports; set by main.
extern std::string command_line;

}  // namespace cryomer
