#include "cryomer/data/particle_stack.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/text.h"
#include "cryomer/data/cryosparc.h"
#include "cryomer/data/half_set.h"

namespace cryomer {

namespace {

constexpr float kLargestPixel = 1e15f;  // the squares of larger ones do not add up in float32

bool differ(double a, double b, double tolerance) { return std::abs(a - b) > tolerance * std::abs(a); }

// Pixel sizes that programs write when they do not know it.
bool is_placeholder(double mrc_pixel_size) { return mrc_pixel_size == 0 || mrc_pixel_size == 1; }

// The side of all images, pixels.
int common_box(const StarFile& star, const StarTable& particles, const StackOptics& optics, const ImageReferences& images) {
  const std::string& source = particles.source;
  const auto where_image = [&](int64_t particle) { return particles.where(particle, particles.column(kImageName)); };
  const auto group_name = [&](int64_t particle) { return optics.groups[optics.group_of[particle]].name; };
  const int64_t box = images.files.front().header().nx;
  for (size_t i = 0; i < images.files.size(); ++i) {
    const MrcFile& file = images.files[i];
    const MrcHeader& header = file.header();
    const int64_t particle = images.first_particle[i];
    if (header.nx != header.ny) {
      fail("{}: the images of {} have {} x {} pixels, expected square ones", where_image(particle),
           file.path(), header.nx, header.ny);
    }
    if (header.nx == box) continue;
    const int first_group = optics.group_of[images.first_particle.front()];
    if (optics.group_of[particle] != first_group) {
      fail(
          "{}: the optics groups have different boxes: {} has images of {} pixels, {} of {}. Extract or "
          "rescale all particles to one box, or split the file by optics group",
          source, group_name(images.first_particle.front()), box, group_name(particle), header.nx);
    }
    fail("{}: the images of {} have {} pixels a side, those of {} have {}; expected one box for all",
         where_image(particle), file.path(), header.nx, images.files.front().path(), box);
  }
  if (box % 2 != 0) {
    fail(
        "{}: the images have {} x {} pixels; Cryomer needs an even box. Crop or pad them, for example with "
        "RELION's `relion_image_handler --i {} --o even.mrcs --new_box {}`, and let the STAR file point to "
        "the new stack",
        source, box, box, images.files.front().path(), box - 1);
  }
  const StarTable* const table = optics_table(star);
  const int size_column = table ? table->column("rlnImageSize") : -1;
  for (const StackOptics::Source& group : optics.sources) {
    if (size_column < 0) continue;
    const int64_t stated = table->integer(group.row, size_column);
    if (stated == box) continue;
    fail(
        "{}: the images have {} pixels a side in the STAR file, but {} in {}. The file and the stack do "
        "not belong together, or the stack was rescaled",
        table->where(group.row, size_column), stated, box,
        images.files[images.file[group.first_particle]].path());
  }
  return static_cast<int>(box);
}

void take_from_mrc(OpticsGroup& group, const MrcFile& file, const std::string& source) {
  const double stated = file.header().pixel_size;
  if (is_placeholder(stated) || stated < 0.05 || stated > 100) {
    fail(
        "{}: the pixel size is not known: the file has neither _rlnImagePixelSize nor "
        "_rlnDetectorPixelSize and _rlnMagnification, and the header of {} says {} A, which {}. Give it as "
        "--pixel-size, in A",
        source, file.path(), stated,
        is_placeholder(stated) ? "programs write when they do not know it" : "cannot be");
  }
  group.pixel_size = stated;
  log_warning("{}: no pixel size for {}; {:.6g} A is taken from the header of {}", source, group.name,
              stated, file.path());
}

// Fills in the groups' pixel sizes: the given one (0: none) replaces all; the STAR's stand; what it lacks comes from the stacks.
void settle_pixel_sizes(double given, const std::string& source, StackOptics& stack_optics, const ImageReferences& images) {
  std::vector<OpticsGroup>& optics = stack_optics.groups;
  if (given > 0) {
    for (OpticsGroup& group : optics) {
      if (group.pixel_size > 0 && differ(group.pixel_size, given, 1e-4)) {
        log_warning("{}: {} has a pixel size of {} A; the given {} A replaces it", source, group.name,
                    group.pixel_size, given);
      }
      group.pixel_size = given;
    }
    return;
  }
  std::set<std::pair<int, int>> uses;  // (optics group, file)
  std::pair<int, int> last{-1, -1};
  for (size_t particle = 0; particle < images.file.size(); ++particle) {
    const std::pair<int, int> use{stack_optics.group_of[particle], images.file[particle]};
    if (use != last) uses.insert(use);
    last = use;
  }
  std::set<int> contradicting, unfilled;  // files
  std::string contradiction, placeholder;
  std::vector<bool> from_mrc(optics.size(), false);
  for (const auto& [group_index, file_index] : uses) {
    OpticsGroup& group = optics[group_index];
    const MrcFile& file = images.files[file_index];
    const double stated = file.header().pixel_size;
    if (group.pixel_size == 0) {
      take_from_mrc(group, file, source);
      from_mrc[group_index] = true;
      continue;
    }
    if (!differ(group.pixel_size, stated, 0.01)) continue;
    if (from_mrc[group_index]) {
      fail(
          "{}: the file gives no pixel size, and the stacks of {} differ: {:.6g} A before {}, {:.6g} A "
          "there. Give it as --pixel-size",
          source, group.name, group.pixel_size, file.path(), stated);
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
        source, contradicting.size(), images.files.size(), contradiction);
  }
  if (!unfilled.empty()) {
    log_info("{}: the pixel size is not filled in in {} of {} stacks ({}); the STAR file's is used",
             source, unfilled.size(), images.files.size(), placeholder);
  }
}

void mention_what_is_left_out(const StarTable* optics, const StarTable& particles) {
  std::vector<std::string> present;
  for (const char* name : {"rlnBeamTiltX", "rlnOddZernike", "rlnEvenZernike", "rlnMagMat00"}) {
    if (particles.has(name) || (optics && optics->has(name))) present.push_back(formatted("_{}", name));
  }
  if (present.empty()) return;
  log_info(
      "{}: {} are not used: aberrations beyond defocus and Cs, and anisotropic magnification, matter at "
      "high resolution only",
      particles.source, join(present, ", "));
}

bool all_from_one_side(const std::vector<Pose>& poses) {
  return poses.size() > 1 && std::all_of(poses.begin(), poses.end(), [](const Pose& pose) { return std::abs(pose.rotation(2, 2) - 1) < 1e-12; });
}

}  // namespace

ParticleStack ParticleStack::open(const std::string& star_path, const ParticleStackOptions& options) {
  ParticleStack stack;
  stack.path_ = star_path;
  stack.star_ = ends_with(star_path, ".cs") ? read_cs(star_path) : read_star(star_path);
  stack.particle_table_ = find_particle_table(stack.star_, star_path);
  StarTable& particles = stack.star_.tables[stack.particle_table_];
  if (options.half != 0) particles = half_set(particles, options.half);
  if (particles.row_count() == 0) fail("{}: data_{} has no rows: no particles", star_path, particles.name);
  if (!std::isfinite(options.pixel_size) || options.pixel_size < 0) {
    fail_usage("a pixel size of {} A was given, expected a positive number", options.pixel_size);
  }
  refuse_tomography(stack.star_, particles);
  stack.optics_ = read_stack_optics(stack.star_, particles, options.require_ctf);
  stack.images_ = open_images(particles, options.data_dir);
  stack.box_ = common_box(stack.star_, particles, stack.optics_, stack.images_);
  settle_pixel_sizes(options.pixel_size, star_path, stack.optics_, stack.images_);
  stack.read_poses_of(particles, options.require_poses);
  mention_what_is_left_out(optics_table(stack.star_), particles);
  return stack;
}

void ParticleStack::read_poses_of(const StarTable& particles, bool required) {
  const std::vector<std::string> missing = missing_angles(particles);
  if (!missing.empty() && required) {
    fail(
        "{}: data_{} has no column {}, so the poses are not known. They come from a RELION Refine3D job "
        "(its run_data.star) or from another program's refinement: do that first. "
        "(`cryomer train --poses infer` needs none)",
        path_, particles.name, join(missing, ", "));
  }
  has_poses_ = missing.empty();
  poses_.resize(particles.row_count());
  if (!has_poses_) return;
  poses_ = read_poses(particles, [&](int64_t row) { return optics(row).pixel_size; });
  if (required && all_from_one_side(poses_)) {
    log_warning(
        "{}: rlnAngleTilt is 0 in all rows, as after a 2D classification; a 3D refinement is needed for poses",
        path_);
  }
}

std::vector<std::string> ParticleStack::image_files() const {
  std::vector<std::string> paths;
  for (const MrcFile& file : images_.files) paths.push_back(file.path());
  return paths;
}

void ParticleStack::read_image(int64_t particle, float* pixels) const {
  if (particle < 0 || particle >= size())
    fail("{}: particle {} asked for, but there are {}", path_, particle, size());
  images_.files[images_.file[particle]].read_section(images_.section[particle], pixels);
  const int64_t count = static_cast<int64_t>(box_) * box_;
  const float* bad = std::find_if(pixels, pixels + count, [](float value) { return !(std::abs(value) < kLargestPixel); });
  if (bad == pixels + count) return;
  const int image_column = particle_table().column(kImageName);
  fail("{}: image {} has the value {} at pixel x {}, y {}. Extract it again, or remove the row",
       particle_table().where(particle, image_column), particle_table().cell(particle, image_column), *bad,
       (bad - pixels) % box_, (bad - pixels) / box_);
}

}  // namespace cryomer
