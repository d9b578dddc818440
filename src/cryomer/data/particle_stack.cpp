#include "cryomer/data/particle_stack.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/text.h"
#include "cryomer/base/units.h"
#include "cryomer/data/cryosparc.h"
#include "cryomer/data/half_set.h"

namespace cryomer {

namespace fs = std::filesystem;

namespace {

constexpr const char* kImageName = "rlnImageName";
constexpr float kLargestPixel = 1e15f;  // the squares of larger ones do not add up in float32
constexpr const char* kAngles[] = {"rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"};

// RELION calls it data_particles (3.1 and later), data_images or data_ (before); other programs and
// selections made by hand have other names, so the column decides.
int find_particle_table(const StarFile& star, const std::string& source) {
  std::vector<int> candidates;
  std::vector<std::string> names;
  for (int i = 0; i < static_cast<int>(star.tables.size()); ++i) {
    names.push_back("data_" + star.tables[i].name);
    if (star.tables[i].has(kImageName)) candidates.push_back(i);
  }
  if (candidates.size() == 1) return candidates.front();
  for (const char* usual : {"particles", "images", ""}) {
    std::vector<int> so_named;
    for (const int i : candidates) {
      if (star.tables[i].name == usual) so_named.push_back(i);
    }
    if (so_named.size() > 1) {
      fail(
          "{}: data_{} stands {} times in the file (two files joined by hand?); join the rows into one table",
          source, usual, so_named.size());
    }
    if (so_named.size() == 1) return so_named.front();
  }
  if (candidates.size() > 1) {
    fail("{}: several tables have a column _{} and none is called data_particles ({})", source, kImageName,
         join(names, ", "));
  }
  if (names.empty())
    fail("{}: the file has no table; expected a RELION particle file with data_particles", source);
  std::string hint;
  for (const StarTable& table : star.tables) {
    if (hint.empty()) hint = did_you_mean(kImageName, table.columns);
  }
  fail(
      "{}: no table has a column _{}, which says where a particle's image is (000001@stack.mrcs); found "
      "{}.{} A particle file of RELION is called particles.star (Extract, Import) or run_data.star "
      "(Refine3D)",
      source, kImageName, join(names, ", "), hint);
}

bool differ(double a, double b, double tolerance) {
  return std::abs(a - b) > tolerance * std::abs(a);
}

// Pixel sizes that programs write when they do not know it.
bool is_placeholder(double mrc_pixel_size) {
  return mrc_pixel_size == 0 || mrc_pixel_size == 1;
}

}  // namespace

class ParticleStack::Loader {
 public:
  Loader(ParticleStack& stack, const ParticleStackOptions& options)
      : stack_(stack),
        options_(options),
        source_(stack.path_),
        particles_(stack.star_.tables[stack.particle_table_]),
        image_column_(particles_.column(kImageName)),
        optics_(find_optics(stack.star_)) {}

  void load() {
    if (particles_.row_count() == 0) fail("{}: data_{} has no rows: no particles", source_, particles_.name);
    if (!std::isfinite(options_.pixel_size) || options_.pixel_size < 0) {
      fail_usage("a pixel size of {} A was given, expected a positive number", options_.pixel_size);
    }
    refuse_tomography();
    number_optics_rows();
    read_rows();
    open_stacks();
    check_sections();
    check_boxes();
    settle_pixel_sizes();
    read_poses();
    mention_what_is_left_out();
  }

 private:
  // A value that may stand in the particle's row or, failing that, in its optics row.
  struct Field {
    const char* name = "";
    int particle = -1, optics = -1;
    bool found() const { return particle >= 0 || optics >= 0; }
  };
  struct Group {
    int optics_row = -1;
    int64_t first_particle = 0;
  };
  struct Stack {
    std::string name;  // as in the STAR
    int64_t first_particle = 0;
  };

  static const StarTable* find_optics(const StarFile& star) {
    const StarTable* optics = star.find("optics");
    return optics && optics->row_count() > 0 ? optics : nullptr;
  }

  Field field(const char* name) const {
    return {name, particles_.column(name), optics_ ? optics_->column(name) : -1};
  }
  double number(const Field& field, int64_t row, int optics_row, double fallback) const {
    if (field.particle >= 0) return particles_.number(row, field.particle);
    if (field.optics >= 0 && optics_row >= 0) return optics_->number(optics_row, field.optics);
    return fallback;
  }
  std::string where(const Field& field, int64_t row, int optics_row) const {
    return field.particle >= 0 ? particles_.where(row, field.particle)
                               : optics_->where(optics_row, field.optics);
  }
  std::string where_image(int64_t row) const { return particles_.where(row, image_column_); }

  void refuse_tomography() const {
    const auto refuse = [&](const char* what) {
      fail(
          "{}: this is a tomography data set ({}). Cryomer reads single-particle images, one per row; "
          "tilt-series stacks and subtomograms are not supported",
          source_, what);
    };
    for (const StarTable& table : stack_.star_.tables) {
      const int flag = table.column("rlnTomoSubTomosAre2DStacks");
      if (flag >= 0 && table.row_count() > 0 && table.integer(0, flag) != 0)
        refuse("rlnTomoSubTomosAre2DStacks is set");
    }
    if (particles_.has("rlnTomoVisibleFrames")) {
      refuse("a column _rlnTomoVisibleFrames: every row stands for a stack of several images");
    }
    const bool has_tomo_column =
        std::any_of(particles_.columns.begin(), particles_.columns.end(),
                    [](const std::string& column) { return starts_with(column, "rlnTomo"); });
    if (has_tomo_column && particles_.cell(0, image_column_).find('@') == std::string::npos) {
      refuse("columns _rlnTomo..., and _rlnImageName names whole stacks");
    }
    const int dimensions = optics_ ? optics_->column("rlnImageDimensionality") : -1;
    for (int64_t row = 0; dimensions >= 0 && row < optics_->row_count(); ++row) {
      if (optics_->integer(row, dimensions) == 3)
        refuse("_rlnImageDimensionality is 3: the particles are volumes");
    }
  }

  void number_optics_rows() {
    if (!optics_) return;
    const int column = optics_->column("rlnOpticsGroup");
    for (int row = 0; row < static_cast<int>(optics_->row_count()); ++row) {
      const int64_t number = column >= 0 ? optics_->integer(row, column) : row + 1;
      if (!optics_row_of_number_.emplace(number, row).second) {
        fail("{}: optics group {} is defined twice", optics_->where(row, column), number);
      }
    }
  }

  int optics_row(int64_t row, int column) const {
    if (!optics_) return -1;
    if (column < 0) {
      if (optics_->row_count() == 1) return 0;
      fail(
          "{}: data_{} has no column _rlnOpticsGroup, but data_optics has {} groups: it is not clear which "
          "particle belongs to which",
          source_, particles_.name, optics_->row_count());
    }
    const int64_t number = particles_.integer(row, column);
    const auto found = optics_row_of_number_.find(number);
    if (found != optics_row_of_number_.end()) return found->second;
    std::vector<int64_t> known;
    for (const auto& [known_number, unused] : optics_row_of_number_) known.push_back(known_number);
    std::sort(known.begin(), known.end());
    std::vector<std::string> texts;
    for (const int64_t known_number : known) texts.push_back(formatted("{}", known_number));
    fail("{}: optics group {} is not in data_optics, which has {}", particles_.where(row, column), number,
         join(texts, ", "));
  }

  double pixel_size_of(int64_t row, int optics_row) const {
    for (const Field& field : {image_pixel_size_, pixel_size_}) {
      if (field.particle < 0 && (field.optics < 0 || optics_row < 0)) continue;
      const double size = number(field, row, optics_row, 0);
      if (size <= 0 || size > 1000) {
        fail("{}: a pixel size of {} A; expected a positive number", where(field, row, optics_row), size);
      }
      return size;
    }
    if (!detector_.found() || !magnification_.found()) return 0;
    const double detector = number(detector_, row, optics_row, 0);
    const double magnification = number(magnification_, row, optics_row, 0);
    const double size = detector * 1e4 / magnification;  // um to A
    if (!(size > 0) || size > 1000) {
      fail("{}: detector pixels of {} um at magnification {} are {} A, expected a positive pixel size",
           where(magnification_, row, optics_row), detector, magnification, size);
    }
    return size;
  }

  void check_optics(const OpticsGroup& group, int64_t row, int optics_row) const {
    if (group.voltage < 5 || group.voltage > 5000) {
      fail("{}: a voltage of {} kV; expected 60 to 400, in kV", where(voltage_, row, optics_row),
           group.voltage);
    }
    if (!(group.spherical_aberration >= -20 && group.spherical_aberration <= 20)) {
      fail("{}: a spherical aberration of {} mm; expected a few mm, such as 2.7", where(spherical_aberration_, row, optics_row),
           group.spherical_aberration);
    }
    if (std::abs(group.amplitude_contrast) > 1) {
      fail("{}: an amplitude contrast of {}; expected a fraction, such as 0.1",
           where(amplitude_contrast_, row, optics_row), group.amplitude_contrast);
    }
  }

  int group_of(int64_t row, int optics_row) {
    OpticsGroup group;
    group.voltage = number(voltage_, row, optics_row, 200);
    group.spherical_aberration = number(spherical_aberration_, row, optics_row, 0);
    group.amplitude_contrast = number(amplitude_contrast_, row, optics_row, 0);
    group.pixel_size = pixel_size_of(row, optics_row);
    group.ctf_premultiplied = number(premultiplied_, row, optics_row, 0) != 0;
    const GroupKey key{
        optics_row,       group.voltage,          group.spherical_aberration, group.amplitude_contrast,
        group.pixel_size, group.ctf_premultiplied};
    if (row > 0 && key == last_key_) return last_group_;
    last_key_ = key;
    const auto [entry, is_new] = group_of_key_.emplace(key, static_cast<int>(groups_.size()));
    last_group_ = entry->second;
    if (is_new) {
      check_optics(group, row, optics_row);
      const int name = optics_row >= 0 ? optics_->column("rlnOpticsGroupName") : -1;
      group.name = name >= 0 ? optics_->cell(optics_row, name)
                             : formatted("opticsGroup{}", static_cast<int>(groups_.size()) + 1);
      groups_.push_back({optics_row, row});
      stack_.optics_groups_.push_back(std::move(group));
    }
    return last_group_;
  }

  void warn_of_assumed_optics() const {
    const std::pair<const Field*, const char*> assumed[] = {
        {&voltage_, "200 kV"}, {&spherical_aberration_, "0 mm"}, {&amplitude_contrast_, "0"}};
    for (const auto& [field, value] : assumed) {
      if (field->found()) continue;
      log_warning(
          "{}: there is no column _{}; {} is assumed, as RELION does. Add the column if that is wrong",
          source_, field->name, value);
    }
  }

  void read_rows() {
    const Field defocus_u = field("rlnDefocusU"), defocus_v = field("rlnDefocusV"),
                angle = field("rlnDefocusAngle"), phase_shift = field("rlnPhaseShift"),
                b_factor = field("rlnCtfBfactor"), scale = field("rlnCtfScalefactor");
    stack_.has_ctf_ = defocus_u.found();
    if (stack_.has_ctf_) {
      warn_of_assumed_optics();
    } else if (options_.require_ctf) {
      fail(
          "{}: data_{} has no column _rlnDefocusU, so the contrast transfer function of the images is not "
          "known. It comes from a CTF estimation (RELION's CtfFind or CtfRefine job) followed by Extract, or "
          "from exporting the particles again with their CTF parameters. If the images have no CTF, as "
          "noise-free projections, write columns that make it 1 everywhere: rlnDefocusU 0, "
          "rlnSphericalAberration 0, rlnAmplitudeContrast 1",
          source_, particles_.name);
    }
    const int optics_column = particles_.column("rlnOpticsGroup");
    stack_.particles_.resize(particles_.row_count());
    for (int64_t row = 0; row < particles_.row_count(); ++row) {
      Record& record = stack_.particles_[row];
      const int optics = optics_row(row, optics_column);
      record.optics_group = group_of(row, optics);
      if (stack_.has_ctf_) {
        record.ctf.defocus_u = number(defocus_u, row, optics, 0);
        record.ctf.defocus_v = number(defocus_v, row, optics, record.ctf.defocus_u);
        record.ctf.astigmatism_angle = radians(number(angle, row, optics, 0));
        record.ctf.phase_shift = radians(number(phase_shift, row, optics, 0));
        record.ctf.b_factor = number(b_factor, row, optics, 0);
        record.ctf.scale = number(scale, row, optics, 1);
      }
      read_image_name(row, record);
    }
    check_defocus();
  }

  // RELION's are in A; 0.5 is somebody's micrometres.
  void check_defocus() const {
    double largest = 0;
    for (const Record& record : stack_.particles_) largest = std::max({largest, std::abs(record.ctf.defocus_u), std::abs(record.ctf.defocus_v)});
    if (largest == 0 || largest >= kLeastDefocus) return;
    log_warning("{}: no defocus is larger than {:g} A. Are they micrometres? rlnDefocusU and rlnDefocusV are in A, such as 5000", source_, largest);
  }

  void read_image_name(int64_t row, Record& record) {
    std::string_view name = particles_.cell(row, image_column_);
    const size_t at = name.find('@');
    if (at != std::string_view::npos) {
      const auto number = parse_int(name.substr(0, at));
      if (!number) {
        fail("{}: '{}' is not an image name; expected number@file, such as 000001@stack.mrcs",
             where_image(row), name);
      }
      if (*number < 1) fail("{}: '{}': images count from 1", where_image(row), name);
      record.section = *number - 1;
      name.remove_prefix(at + 1);
    }
    if (name.empty()) fail("{}: the name of the image file is empty", where_image(row));
    if (stacks_.empty() || stacks_[last_stack_].name != name) {
      const auto [entry, is_new] = stack_of_name_.emplace(name, static_cast<int>(stacks_.size()));
      if (is_new) stacks_.push_back({std::string(name), row});
      last_stack_ = entry->second;
    }
    record.file = last_stack_;
  }

  // The folders where relative paths may start, in the order they are tried.
  std::vector<fs::path> roots() const {
    std::vector<fs::path> folders;
    if (!options_.data_dir.empty()) {
      if (!fs::is_directory(options_.data_dir))
        fail_usage("the data folder {} does not exist", options_.data_dir);
      folders.emplace_back(options_.data_dir);
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
    if (options_.data_dir.empty()) return {};
    fs::path bare = fs::path(options_.data_dir) / path.filename();
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
    std::vector<const Stack*> missing;
    for (const Stack& stack : stacks_) {
      paths.push_back(located(stack.name, folders));
      if (paths.back().empty()) missing.push_back(&stack);
    }
    if (!missing.empty()) {
      std::vector<std::string> tried;
      for (const fs::path& folder : folders) {
        if (std::find(tried.begin(), tried.end(), folder.string()) == tried.end())
          tried.push_back(folder.string());
      }
      const std::string others =
          missing.size() > 1 ? formatted(" ({} of {} stacks are missing)", missing.size(), stacks_.size())
                             : "";
      fail(
          "{}: the image file {} does not exist{}. Looked in {}. Give the folder that the paths of the STAR "
          "file start from (RELION's project folder) as --data-dir",
          where_image(missing.front()->first_particle), missing.front()->name, others, join(tried, ", "));
    }
    stack_.files_.reserve(stacks_.size());
    for (size_t i = 0; i < stacks_.size(); ++i) {
      try {
        stack_.files_.emplace_back(paths[i].string());
      } catch (const Error& error) {
        fail("{}: {}", where_image(stacks_[i].first_particle), error.what());
      }
    }
  }

  void check_sections() const {
    for (int64_t row = 0; row < particles_.row_count(); ++row) {
      const Record& record = stack_.particles_[row];
      const MrcFile& file = stack_.files_[record.file];
      const int64_t images = file.header().nz;
      if (record.section >= images) {
        fail(
            "{}: image {} is asked for, but {} has {} images. The STAR file and the stack do not belong "
            "together, or the stack was written anew",
            where_image(row), record.section + 1, file.path(), images);
      }
      if (images > 1 && particles_.cell(row, image_column_).find('@') == std::string::npos) {
        fail("{}: {} has {} images; say which one is meant, as in 000001@{}", where_image(row), file.path(),
             images, stacks_[record.file].name);
      }
    }
  }

  std::string group_name(int64_t particle) const {
    return stack_.optics_groups_[stack_.particles_[particle].optics_group].name;
  }

  void check_boxes() {
    const int64_t box = stack_.files_.front().header().nx;
    for (size_t i = 0; i < stack_.files_.size(); ++i) {
      const MrcFile& file = stack_.files_[i];
      const MrcHeader& header = file.header();
      const int64_t particle = stacks_[i].first_particle;
      if (header.nx != header.ny) {
        fail("{}: the images of {} have {} x {} pixels, expected square ones", where_image(particle),
             file.path(), header.nx, header.ny);
      }
      if (header.nx == box) continue;
      const int first_group = stack_.particles_[stacks_.front().first_particle].optics_group;
      if (stack_.particles_[particle].optics_group != first_group) {
        fail(
            "{}: the optics groups have different boxes: {} has images of {} pixels, {} of {}. Extract or "
            "rescale all particles to one box, or split the file by optics group",
            source_, group_name(stacks_.front().first_particle), box, group_name(particle), header.nx);
      }
      fail("{}: the images of {} have {} pixels a side, those of {} have {}; expected one box for all",
           where_image(particle), file.path(), header.nx, stack_.files_.front().path(), box);
    }
    if (box % 2 != 0) {
      fail(
          "{}: the images have {} x {} pixels; Cryomer needs an even box. Crop or pad them, for example with "
          "RELION's `relion_image_handler --i {} --o even.mrcs --new_box {}`, and let the STAR file point to "
          "the new stack",
          source_, box, box, stack_.files_.front().path(), box - 1);
    }
    stack_.box_ = static_cast<int>(box);
    const int size_column = optics_ ? optics_->column("rlnImageSize") : -1;
    for (const Group& group : groups_) {
      if (size_column < 0) continue;
      const int64_t stated = optics_->integer(group.optics_row, size_column);
      if (stated == box) continue;
      fail(
          "{}: the images have {} pixels a side in the STAR file, but {} in {}. The file and the stack do "
          "not belong together, or the stack was rescaled",
          optics_->where(group.optics_row, size_column), stated, box,
          stack_.files_[stack_.particles_[group.first_particle].file].path());
    }
  }

  void settle_pixel_sizes() {
    std::vector<OpticsGroup>& optics = stack_.optics_groups_;
    if (options_.pixel_size > 0) {
      for (OpticsGroup& group : optics) {
        if (group.pixel_size > 0 && differ(group.pixel_size, options_.pixel_size, 1e-4)) {
          log_warning("{}: {} has a pixel size of {} A; the given {} A replaces it", source_, group.name,
                      group.pixel_size, options_.pixel_size);
        }
        group.pixel_size = options_.pixel_size;
      }
      return;
    }
    std::set<std::pair<int, int>> uses;  // (optics group, file)
    std::pair<int, int> last{-1, -1};
    for (const Record& record : stack_.particles_) {
      const std::pair<int, int> use{record.optics_group, record.file};
      if (use != last) uses.insert(use);
      last = use;
    }
    std::set<int> contradicting, unfilled;  // files
    std::string contradiction, placeholder;
    std::vector<bool> from_mrc(optics.size(), false);
    for (const auto& [group_index, file_index] : uses) {
      OpticsGroup& group = optics[group_index];
      const MrcFile& file = stack_.files_[file_index];
      const double stated = file.header().pixel_size;
      if (group.pixel_size == 0) {
        take_from_mrc(group, file);
        from_mrc[group_index] = true;
        continue;
      }
      if (!differ(group.pixel_size, stated, 0.01)) continue;
      if (from_mrc[group_index]) {
        fail(
            "{}: the file gives no pixel size, and the stacks of {} differ: {:.6g} A before {}, {:.6g} A "
            "there. Give it as --pixel-size",
            source_, group.name, group.pixel_size, file.path(), stated);
      }
      if (is_placeholder(stated)) {
        if (unfilled.empty()) placeholder = formatted("{} A in {}", stated, file.path());
        unfilled.insert(file_index);
      } else {
        if (contradicting.empty()) {
          contradiction = formatted("{:.6g} A in {}, but {:.6g} A for {}", stated, file.path(),
                                    group.pixel_size, group.name);
        }
        contradicting.insert(file_index);
      }
    }
    if (!contradicting.empty()) {
      log_warning(
          "{}: the pixel size in {} of {} stacks contradicts the STAR file: {}. The STAR file's is used",
          source_, contradicting.size(), stack_.files_.size(), contradiction);
    }
    if (!unfilled.empty()) {
      log_info("{}: the pixel size is not filled in in {} of {} stacks ({}); the STAR file's is used",
               source_, unfilled.size(), stack_.files_.size(), placeholder);
    }
  }

  void take_from_mrc(OpticsGroup& group, const MrcFile& file) const {
    const double stated = file.header().pixel_size;
    if (is_placeholder(stated) || stated < 0.05 || stated > 100) {
      fail(
          "{}: the pixel size is not known: the file has neither _rlnImagePixelSize nor "
          "_rlnDetectorPixelSize and _rlnMagnification, and the header of {} says {} A, which {}. Give it as "
          "--pixel-size, in A",
          source_, file.path(), stated,
          is_placeholder(stated) ? "programs write when they do not know it" : "cannot be");
    }
    group.pixel_size = stated;
    log_warning("{}: no pixel size for {}; {:.6g} A is taken from the header of {}", source_, group.name,
                stated, file.path());
  }

  void read_poses() {
    std::vector<std::string> missing;
    int angles[3];
    for (int i = 0; i < 3; ++i) {
      angles[i] = particles_.column(kAngles[i]);
      if (angles[i] < 0) missing.push_back(formatted("_{}", kAngles[i]));
    }
    if (!missing.empty()) {
      if (options_.require_poses) {
        fail(
            "{}: data_{} has no column {}, so the poses are not known. They come from a RELION Refine3D job "
            "(its run_data.star) or from another program's refinement: do that first. "
            "(`cryomer train --poses infer` needs none)",
            source_, particles_.name, join(missing, ", "));
      }
      return;
    }
    stack_.has_poses_ = true;
    const int shifts[2] = {particles_.column("rlnOriginXAngst"), particles_.column("rlnOriginYAngst")};
    const int pixel_shifts[2] = {particles_.column("rlnOriginX"), particles_.column("rlnOriginY")};
    for (const char* unit : {"Angst", ""}) {
      const std::string x = formatted("rlnOriginX{}", unit), y = formatted("rlnOriginY{}", unit);
      if ((particles_.column(x) < 0) == (particles_.column(y) < 0)) continue;
      fail("{}: data_{} has only one of the columns _{} and _{}; shifts need both, or neither when all are zero", source_, particles_.name, x, y);
    }
    bool all_from_one_side = particles_.row_count() > 1;
    for (int64_t row = 0; row < particles_.row_count(); ++row) {
      Pose& pose = stack_.particles_[row].pose;
      const EulerAngles euler{radians(particles_.number(row, angles[0])),
                              radians(particles_.number(row, angles[1])),
                              radians(particles_.number(row, angles[2]))};
      all_from_one_side &= euler.rot == 0 && euler.tilt == 0;
      pose.rotation = rotation_from_euler(euler);
      double shift[2] = {0, 0};
      for (int axis = 0; axis < 2; ++axis) {
        if (shifts[axis] >= 0) {
          shift[axis] = -particles_.number(row, shifts[axis]);
        } else if (pixel_shifts[axis] >= 0) {
          shift[axis] = -particles_.number(row, pixel_shifts[axis]) * stack_.optics(row).pixel_size;
        }
      }
      pose.shift_x = shift[0];
      pose.shift_y = shift[1];
    }
    if (all_from_one_side && options_.require_poses) {
      log_warning(
          "{}: rlnAngleRot and rlnAngleTilt are 0 in all rows, as after a 2D classification; a 3D refinement "
          "is needed for poses",
          source_);
    }
  }

  void mention_what_is_left_out() const {
    std::vector<std::string> present;
    for (const char* name : {"rlnBeamTiltX", "rlnOddZernike", "rlnEvenZernike", "rlnMagMat00"}) {
      if (field(name).found()) present.push_back(formatted("_{}", name));
    }
    if (present.empty()) return;
    log_info(
        "{}: {} are not used: aberrations beyond defocus and Cs, and anisotropic magnification, matter at "
        "high resolution only",
        source_, join(present, ", "));
  }

  using GroupKey = std::tuple<int, double, double, double, double, bool>;

  ParticleStack& stack_;
  const ParticleStackOptions& options_;
  const std::string& source_;
  const StarTable& particles_;
  const int image_column_;
  const StarTable* const optics_;
  const Field voltage_ = field("rlnVoltage"), spherical_aberration_ = field("rlnSphericalAberration"),
              amplitude_contrast_ = field("rlnAmplitudeContrast"),
              image_pixel_size_ = field("rlnImagePixelSize"), pixel_size_ = field("rlnPixelSize"),
              detector_ = field("rlnDetectorPixelSize"), magnification_ = field("rlnMagnification"),
              premultiplied_ = field("rlnCtfDataAreCtfPremultiplied");
  std::unordered_map<int64_t, int> optics_row_of_number_;
  std::map<GroupKey, int> group_of_key_;
  GroupKey last_key_{};
  int last_group_ = 0;
  std::vector<Group> groups_;
  std::vector<Stack> stacks_;
  std::unordered_map<std::string, int> stack_of_name_;
  int last_stack_ = 0;
  std::map<std::string, std::string> name_of_bare_file_;
};

ParticleStack ParticleStack::open(const std::string& star_path, const ParticleStackOptions& options) {
  ParticleStack stack;
  stack.path_ = star_path;
  stack.star_ = ends_with(star_path, ".cs") ? read_cs(star_path) : read_star(star_path);
  stack.particle_table_ = find_particle_table(stack.star_, star_path);
  if (options.half != 0) {
    StarTable& table = stack.star_.tables[stack.particle_table_];
    table = half_set(table, options.half);
  }
  Loader(stack, options).load();
  return stack;
}

std::vector<std::string> ParticleStack::image_files() const {
  std::vector<std::string> paths;
  for (const MrcFile& file : files_) paths.push_back(file.path());
  return paths;
}

void ParticleStack::read_image(int64_t particle, float* pixels) const {
  if (particle < 0 || particle >= size())
    fail("{}: particle {} asked for, but there are {}", path_, particle, size());
  const Record& record = particles_[particle];
  files_[record.file].read_section(record.section, pixels);
  const int64_t count = static_cast<int64_t>(box_) * box_;
  const float* bad = std::find_if(pixels, pixels + count, [](float value) { return !(std::abs(value) < kLargestPixel); });
  if (bad == pixels + count) return;
  const int image_column = particle_table().column(kImageName);
  fail("{}: image {} has the value {} at pixel x {}, y {}. Extract it again, or remove the row",
       particle_table().where(particle, image_column), particle_table().cell(particle, image_column), *bad,
       (bad - pixels) % box_, (bad - pixels) / box_);
}

StarFile with_poses(StarFile star, const std::vector<Pose>& poses) {
  StarTable& table =
      star.tables[find_particle_table(star, star.tables.empty() ? "STAR file" : star.tables[0].source)];
  if (table.row_count() != static_cast<int64_t>(poses.size())) {
    fail("{}: {} poses for the {} rows of data_{}", table.source, poses.size(), table.row_count(),
         table.name);
  }
  for (const char* pixels : {"rlnOriginX", "rlnOriginY"}) {
    if (const int column = table.column(pixels); column >= 0) table.remove_column(column);
  }
  int columns[5];
  const char* const names[] = {kAngles[0], kAngles[1], kAngles[2], "rlnOriginXAngst", "rlnOriginYAngst"};
  for (int i = 0; i < 5; ++i) columns[i] = table.add_column(names[i]);
  for (int64_t row = 0; row < table.row_count(); ++row) {
    const Pose& pose = poses[row];
    const EulerAngles angles = euler_from_rotation(pose.rotation);
    const double values[] = {degrees(angles.rot), degrees(angles.tilt), degrees(angles.psi), -pose.shift_x,
                             -pose.shift_y};
    for (int i = 0; i < 5; ++i) {
      if (!std::isfinite(values[i])) fail("the pose of particle {} is not finite ({})", row, names[i]);
      const double rounded = std::round(values[i] * 1e6) / 1e6 + 0.0;  // + 0.0: no minus sign before zero
      table.set_cell(row, columns[i], formatted("{:.6f}", rounded));
    }
  }
  return star;
}

}  // namespace cryomer
