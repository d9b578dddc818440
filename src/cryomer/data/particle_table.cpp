#include "cryomer/data/particle_table.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"
#include "cryomer/base/units.h"

namespace cryomer {

namespace {

constexpr const char* kAngles[] = {"rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"};

}  // namespace

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

void refuse_tomography(const StarFile& star, const StarTable& particles) {
  const auto refuse = [&](const char* what) {
    fail(
        "{}: this is a tomography data set ({}). Cryomer reads single-particle images, one per row; "
        "tilt-series stacks and subtomograms are not supported",
        particles.source, what);
  };
  for (const StarTable& table : star.tables) {
    const int flag = table.column("rlnTomoSubTomosAre2DStacks");
    if (flag >= 0 && table.row_count() > 0 && table.integer(0, flag) != 0)
      refuse("rlnTomoSubTomosAre2DStacks is set");
  }
  if (particles.has("rlnTomoVisibleFrames")) {
    refuse("a column _rlnTomoVisibleFrames: every row stands for a stack of several images");
  }
  const bool has_tomo_column =
      std::any_of(particles.columns.begin(), particles.columns.end(),
                  [](const std::string& column) { return starts_with(column, "rlnTomo"); });
  if (has_tomo_column && particles.cell(0, particles.column(kImageName)).find('@') == std::string::npos) {
    refuse("columns _rlnTomo..., and _rlnImageName names whole stacks");
  }
  const StarTable* const optics = star.find("optics");
  const int dimensions = optics ? optics->column("rlnImageDimensionality") : -1;
  for (int64_t row = 0; dimensions >= 0 && row < optics->row_count(); ++row) {
    if (optics->integer(row, dimensions) == 3)
      refuse("_rlnImageDimensionality is 3: the particles are volumes");
  }
}

std::vector<std::string> missing_angles(const StarTable& particles) {
  std::vector<std::string> missing;
  for (const char* angle : kAngles) {
    if (!particles.has(angle)) missing.push_back(formatted("_{}", angle));
  }
  return missing;
}

std::vector<Pose> read_poses(const StarTable& particles, const std::function<double(int64_t)>& pixel_size) {
  for (const char* unit : {"Angst", ""}) {
    const std::string x = formatted("rlnOriginX{}", unit), y = formatted("rlnOriginY{}", unit);
    if (particles.has(x) == particles.has(y)) continue;
    fail("{}: data_{} has only one of the columns _{} and _{}; shifts need both, or neither when all are zero", particles.source, particles.name, x, y);
  }
  int angles[3];
  for (int i = 0; i < 3; ++i) angles[i] = particles.column(kAngles[i]);
  const int shifts[2] = {particles.column("rlnOriginXAngst"), particles.column("rlnOriginYAngst")};
  const int pixel_shifts[2] = {particles.column("rlnOriginX"), particles.column("rlnOriginY")};
  std::vector<Pose> poses(particles.row_count());
  for (int64_t row = 0; row < particles.row_count(); ++row) {
    poses[row].rotation = rotation_from_euler({radians(particles.number(row, angles[0])), radians(particles.number(row, angles[1])),
                                               radians(particles.number(row, angles[2]))});
    double* const shift[2] = {&poses[row].shift_x, &poses[row].shift_y};
    for (int axis = 0; axis < 2; ++axis) {
      if (shifts[axis] >= 0) {
        *shift[axis] = -particles.number(row, shifts[axis]);
      } else if (pixel_shifts[axis] >= 0) {
        *shift[axis] = -particles.number(row, pixel_shifts[axis]) * pixel_size(row);
      }
    }
  }
  return poses;
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
