#include "cryomer/training/run_directory.h"

#include <filesystem>

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
  for (const std::string& own : {config(), checkpoint(), first_search(), metrics(), log(), structure(name)}) {
    if (own == path + "/" + name) return true;
  }
  return false;
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
