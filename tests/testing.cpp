#include "testing.h"

#include <cstdlib>
#include <filesystem>

#include "cryomer/base/error.h"

namespace cryomer::testing {

namespace fs = std::filesystem;

std::string fixture(const std::string& name) { return std::string(CRYOMER_FIXTURES) + "/" + name; }

std::string shared_data(const std::string& name) {
  const char* chosen = std::getenv("CRYOMER_SHARED_DATA");
  const fs::path path = fs::path(chosen ? chosen : CRYOMER_SHARED_DATA_DEFAULT) / name;
  return fs::exists(path) ? path.string() : std::string();
}

std::string scratch_folder() {
  struct Root {
    fs::path path;
    int count = 0;
    Root() {
      std::string pattern = (fs::temp_directory_path() / "cryomer_test_XXXXXX").string();
      if (!::mkdtemp(pattern.data())) throw std::runtime_error("cannot create a scratch folder");
      path = pattern;
    }
    ~Root() {
      std::error_code ignored;
      fs::remove_all(path, ignored);
    }
  };
  static Root root;
  const fs::path folder = root.path / std::to_string(root.count++);
  fs::create_directories(folder);
  return folder.string();
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "expected an error, but there was none";
  return "";
}

}  // namespace cryomer::testing
