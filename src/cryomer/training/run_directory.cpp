#include "cryomer/training/run_directory.h"

#include <filesystem>
#include <vector>

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"

namespace cryomer {

namespace fs = std::filesystem;

std::string RunDirectory::structure(const std::string& original) const {
  const std::string name = lower(original);
  const bool gzipped = ends_with(name, ".gz");
  const fs::path plain = gzipped ? fs::path(name.substr(0, name.size() - 3)) : fs::path(name);
  const std::string extension = plain.extension() == ".pdb" || plain.extension() == ".ent" ? ".pdb" : ".cif";
  return path + "/structure" + extension + (gzipped ? ".gz" : "");
}

bool RunDirectory::owns(const std::string& name) const {
  for (const std::string& own : {config(), checkpoint(), first_search(), inference(), metrics(), log(), structure(name)}) {
    if (own == path + "/" + name) return true;
  }
  return false;
}

void remove_half_written(const RunDirectory& directory) {
  std::error_code ignored;
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory.path, ignored)) {
    const std::string name = entry.path().filename().string();
    const size_t mark = name.rfind(".tmp");  // see AtomicFile
    if (mark == std::string::npos || !directory.owns(name.substr(0, mark)) || !parse_int(name.substr(mark + 4))) continue;
    found.push_back(entry.path());
  }
  for (const fs::path& file : found) fs::remove(file, ignored);
}

void prepare_output_folder(const std::string& path, bool overwrite, bool resume) {
  std::error_code problem;
  if (fs::exists(path) && !fs::is_directory(path)) fail_usage("--out {}: a file of that name exists, expected a folder", path);
  if (fs::is_directory(path) && !fs::is_empty(path, problem) && !overwrite && !resume) {
    fail_usage("--out {}: the folder exists and is not empty. Choose another, or say --overwrite", path);
  }
  fs::create_directories(path, problem);
  if (problem) fail("cannot create the folder {}: {}", path, problem.message());
}

}  // namespace cryomer
