#include "cryomer/data/image_references.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"
#include "cryomer/data/particle_table.h"

namespace cryomer {

namespace fs = std::filesystem;

namespace {

class ImageFinder {
 public:
  ImageFinder(const StarTable& particles, const std::string& data_dir)
      : source_(particles.source), data_dir_(data_dir), particles_(particles), image_column_(particles.column(kImageName)) {}

  ImageReferences find() {
    result_.file.resize(particles_.row_count());
    result_.section.resize(particles_.row_count());
    for (int64_t row = 0; row < particles_.row_count(); ++row) read_image_name(row);
    open_stacks();
    check_sections();
    return std::move(result_);
  }

 private:
  std::string where_image(int64_t row) const { return particles_.where(row, image_column_); }

  void read_image_name(int64_t row) {
    std::string_view name = particles_.cell(row, image_column_);
    const size_t at = name.find('@');
    if (at != std::string_view::npos) {
      const auto number = parse_int(name.substr(0, at));
      if (!number) {
        fail("{}: '{}' is not an image name; expected number@file, such as 000001@stack.mrcs",
             where_image(row), name);
      }
      if (*number < 1) fail("{}: '{}': images count from 1", where_image(row), name);
      result_.section[row] = *number - 1;
      name.remove_prefix(at + 1);
    }
    if (name.empty()) fail("{}: the name of the image file is empty", where_image(row));
    if (names_.empty() || names_[last_stack_] != name) {
      const auto [entry, is_new] = stack_of_name_.emplace(name, static_cast<int>(names_.size()));
      if (is_new) {
        names_.emplace_back(name);
        result_.first_particle.push_back(row);
      }
      last_stack_ = entry->second;
    }
    result_.file[row] = last_stack_;
  }

  // The folders where relative paths may start, in the order they are tried.
  std::vector<fs::path> roots() const {
    std::vector<fs::path> folders;
    if (!data_dir_.empty()) {
      if (!fs::is_directory(data_dir_))
        fail_usage("the data folder {} does not exist", data_dir_);
      folders.emplace_back(data_dir_);
    }
    folders.push_back(fs::current_path());
    for (fs::path folder = fs::absolute(source_).lexically_normal().parent_path();;
         folder = folder.parent_path()) {
      folders.push_back(folder);
      if (folder == folder.parent_path()) return folders;
    }
  }

  static bool is_file(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
  }

  // Empty when the file is nowhere.
  fs::path located(const std::string& name, const std::vector<fs::path>& folders) {
    const fs::path path(name);
    if (path.is_absolute()) {
      if (is_file(path)) return path;
    } else {
      for (const fs::path& folder : folders) {
        if (is_file(folder / path)) return folder / path;
      }
    }
    if (data_dir_.empty()) return {};
    fs::path bare = fs::path(data_dir_) / path.filename();
    if (!is_file(bare)) return {};
    const auto [entry, is_new] = name_of_bare_file_.emplace(bare.string(), name);
    if (!is_new) {
      fail("{}: both {} and {} would be {}; keep their folders apart below the data folder", source_,
           entry->second, name, bare.string());
    }
    return bare;
  }

  void open_stacks() {
    const std::vector<fs::path> folders = roots();
    std::vector<fs::path> paths;
    std::vector<size_t> missing;
    for (size_t i = 0; i < names_.size(); ++i) {
      paths.push_back(located(names_[i], folders));
      if (paths.back().empty()) missing.push_back(i);
    }
    if (!missing.empty()) {
      std::vector<std::string> tried;
      for (const fs::path& folder : folders) {
        if (std::find(tried.begin(), tried.end(), folder.string()) == tried.end())
          tried.push_back(folder.string());
      }
      const std::string others =
          missing.size() > 1 ? formatted(" ({} of {} stacks are missing)", missing.size(), names_.size())
                             : "";
      fail(
          "{}: the image file {} does not exist{}. Looked in {}. Give the folder that the paths of the STAR "
          "file start from (RELION's project folder) as --data-dir",
          where_image(result_.first_particle[missing.front()]), names_[missing.front()], others, join(tried, ", "));
    }
    result_.files.reserve(names_.size());
    for (size_t i = 0; i < names_.size(); ++i) {
      try {
        result_.files.emplace_back(paths[i].string());
      } catch (const Error& error) {
        fail("{}: {}", where_image(result_.first_particle[i]), error.what());
      }
    }
  }

  void check_sections() const {
    for (int64_t row = 0; row < particles_.row_count(); ++row) {
      const MrcFile& file = result_.files[result_.file[row]];
      const int64_t images = file.header().nz;
      if (result_.section[row] >= images) {
        fail(
            "{}: image {} is asked for, but {} has {} images. The STAR file and the stack do not belong "
            "together, or the stack was written anew",
            where_image(row), result_.section[row] + 1, file.path(), images);
      }
      if (images > 1 && particles_.cell(row, image_column_).find('@') == std::string::npos) {
        fail("{}: {} has {} images; say which one is meant, as in 000001@{}", where_image(row), file.path(),
             images, names_[result_.file[row]]);
      }
    }
  }

  const std::string& source_;
  const std::string& data_dir_;
  const StarTable& particles_;
  const int image_column_;
  ImageReferences result_;
  std::vector<std::string> names_;  // of the stacks, as in the table
  std::unordered_map<std::string, int> stack_of_name_;
  int last_stack_ = 0;
  std::map<std::string, std::string> name_of_bare_file_;
};

}  // namespace

ImageReferences open_images(const StarTable& particles, const std::string& data_dir) {
  return ImageFinder(particles, data_dir).find();
}

}  // namespace cryomer
