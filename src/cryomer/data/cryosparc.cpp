#include "cryomer/data/cryosparc.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <tuple>
#include <unordered_map>

#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/text.h"
#include "cryomer/base/units.h"
#include "cryomer/data/particle_table.h"
#include "cryomer/geometry/rotation.h"
#include "cryomer/io/npy.h"

namespace cryomer {

namespace {

namespace fs = std::filesystem;

constexpr double kNegligible = 1e-3;  // of a distortion

// The columns of a .cs file and of its passthrough files, in the first one's order of particles.
class Particles {
 public:
  explicit Particles(const std::string& path) : path_(path), tables_{read_npy_table(path)} {
    const NpyColumn* const uid = tables_[0].find("uid");
    if (!uid || uid->texts.empty()) fail("{}: no column 'uid'; expected the particles of a cryoSPARC job", path);
    for (const std::string& passthrough : passthrough_files()) join(passthrough, *uid);
  }

  int64_t count() const { return tables_[0].rows; }

  const NpyColumn* find(const std::string& name, int64_t width = 1) const {
    for (const NpyTable& table : tables_) {
      const NpyColumn* const column = table.find(name);
      if (!column) continue;
      if (column->width != width) fail("{}: '{}' has {} numbers a particle, expected {}", path_, name, column->width, width);
      return column;
    }
    return nullptr;
  }
  const NpyColumn& text(const std::string& name, const char* what) const {
    const NpyColumn* const column = find(name);
    if (!column || column->texts.empty()) fail("{}: no column '{}'{}", path_, name, what);
    return *column;
  }
  // The numbers of a column, each of them checked; `otherwise` for all particles when it is absent.
  std::function<double(int64_t row)> numbers(const std::string& name, double otherwise = 0) const {
    const NpyColumn* const column = find(name);
    if (!column || column->numbers.empty()) return [otherwise](int64_t) { return otherwise; };
    return [this, name, column](int64_t row) {
      const double value = column->numbers[size_t(row)];
      if (!std::isfinite(value)) fail("{}: particle {} has the value {} in '{}', expected a number", path_, row + 1, value, name);
      return value;
    };
  }

 private:
  // cryosparc_P1_J2_003_particles.cs -> what begins with cryosparc_P1_J2_passthrough_particles.
  std::vector<std::string> passthrough_files() const {
    const std::string name = fs::path(path_).filename().string();
    const size_t job = name.find("_J");
    if (job == std::string::npos || name.find("passthrough") != std::string::npos) return {};
    const size_t end = name.find('_', job + 1);
    if (end == std::string::npos) return {};
    std::vector<std::string> found;
    std::error_code ignored;
    const fs::path folder = fs::absolute(path_).parent_path();
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
      const std::string other = entry.path().filename().string();
      if (starts_with(other, name.substr(0, end) + "_passthrough_particles") && ends_with(other, ".cs")) found.push_back(entry.path().string());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  // Those of its particles that are ours, in our order; the file is left out when some of ours are missing in it.
  void join(const std::string& path, const NpyColumn& uid) {
    NpyTable other = read_npy_table(path);
    const NpyColumn* const known = other.find("uid");
    if (!known || known->texts.empty()) return;
    std::unordered_map<std::string, int64_t> row_of;
    for (int64_t row = 0; row < other.rows; ++row) row_of.emplace(known->texts[size_t(row)], row);
    std::vector<int64_t> rows;
    for (const std::string& particle : uid.texts) {
      const auto found = row_of.find(particle);
      if (found == row_of.end()) {
        log_warning("{} lacks some of the particles of {} and is not used", path, path_);
        return;
      }
      rows.push_back(found->second);
    }
    NpyTable ordered;
    ordered.rows = int64_t(rows.size());
    for (const NpyColumn& column : other.columns) {
      NpyColumn picked;
      picked.name = column.name;
      picked.width = column.width;
      for (const int64_t row : rows) {
        if (!column.texts.empty()) picked.texts.push_back(column.texts[size_t(row)]);
        for (int64_t k = 0; !column.numbers.empty() && k < column.width; ++k) picked.numbers.push_back(column.numbers[size_t(row * column.width + k)]);
      }
      ordered.columns.push_back(std::move(picked));
    }
    log_info("Columns that {} lacks come from {}", path_, path);
    tables_.push_back(std::move(ordered));
  }

  std::string path_;
  std::vector<NpyTable> tables_;
};

void warn_of_what_is_not_modelled(const Particles& particles, const std::string& path) {
  const std::pair<const char*, int64_t> distortions[] = {{"ctf/anisomag", 4}, {"ctf/tetra_A", 4}, {"ctf/trefoil_A", 2}, {"ctf/tilt_A", 2}};
  for (const auto& [name, width] : distortions) {
    const NpyColumn* const column = particles.find(name, width);
    if (!column) continue;
    const bool any = std::any_of(column->numbers.begin(), column->numbers.end(), [](double v) { return std::abs(v) > kNegligible; });
    if (any) log_warning("{}: '{}' is not zero for some particles; it is not modelled", path, name);
  }
}

}  // namespace

StarFile read_cs(const std::string& path) {
  const Particles particles(path);
  const int64_t count = particles.count();
  if (count == 0) fail("{} holds no particles", path);
  warn_of_what_is_not_modelled(particles, path);
  const NpyColumn& stack = particles.text("blob/path", ", so it is not known where the images are. Export the particles, or give the file that has their blobs");
  const NpyColumn& uid = particles.text("uid", "");
  const NpyColumn* const index = particles.find("blob/idx");
  if (!index || index->numbers.empty()) fail("{}: no column 'blob/idx', the number of each image in its stack", path);
  const NpyColumn *const pose = particles.find("alignments3D/pose", 3), *const shift = particles.find("alignments3D/shift", 2);
  const NpyColumn* const micrograph = particles.find("location/micrograph_path");
  const bool ctf = particles.find("ctf/df1_A") != nullptr, halves = particles.find("alignments3D/split") != nullptr, posed = pose && shift;
  const auto image = particles.numbers("blob/idx"), pixel_size = particles.numbers("blob/psize_A"), sign = particles.numbers("blob/sign", 1),
             voltage = particles.numbers("ctf/accel_kv", 300), aberration = particles.numbers("ctf/cs_mm"), contrast = particles.numbers("ctf/amp_contrast"),
             exposure = particles.numbers("ctf/exp_group_id"), defocus_u = particles.numbers("ctf/df1_A"), defocus_v = particles.numbers("ctf/df2_A"),
             angle = particles.numbers("ctf/df_angle_rad"), phase = particles.numbers("ctf/phase_shift_rad"), b_factor = particles.numbers("ctf/bfactor"),
             scale = particles.numbers("ctf/scale", 1), half = particles.numbers("alignments3D/split"), posed_pixel = particles.numbers("alignments3D/psize_A", -1);

  StarTable optics, table;
  optics.name = "optics";
  table.name = "particles";
  optics.source = table.source = path;
  for (const char* c : {"rlnOpticsGroup", "rlnOpticsGroupName", "rlnVoltage", "rlnSphericalAberration", "rlnAmplitudeContrast", "rlnImagePixelSize"}) optics.add_column(c);
  for (const char* c : {"rlnImageName", "rlnOpticsGroup", "cryosparcUid"}) table.add_column(c);
  if (ctf) {
    for (const char* c : {"rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle", "rlnPhaseShift", "rlnCtfBfactor", "rlnCtfScalefactor"}) table.add_column(c);
  }
  if (halves) table.add_column("rlnRandomSubset");
  if (micrograph) table.add_column("rlnMicrographName");

  // Images of either sign must not share a scale.
  std::map<std::tuple<double, double, double, double, double, double>, int> group_of;
  std::vector<Pose> poses;
  for (int64_t row = 0; row < count; ++row) {
    const auto [entry, fresh] =
        group_of.try_emplace({exposure(row), voltage(row), aberration(row), contrast(row), pixel_size(row), sign(row)}, int(group_of.size()) + 1);
    if (fresh) {
      optics.add_row({formatted("{}", entry->second), formatted("exposureGroup{}{}", exposure(row), sign(row) < 0 ? "Dark" : ""), formatted("{:.6g}", voltage(row)),
                      formatted("{:.6g}", aberration(row)), formatted("{:.6g}", contrast(row)), formatted("{:.7g}", pixel_size(row))});
    }
    const double section = image(row);
    if (!(section >= 0 && section < 1e9)) fail("{}: particle {} is image {} of its stack ('blob/idx'), expected a number from 0", path, row + 1, section);
    const std::string& file = stack.texts[size_t(row)];
    std::vector<std::string> cells = {formatted("{:06}@{}", int64_t(section) + 1, starts_with(file, ">") ? file.substr(1) : file),
                                      formatted("{}", entry->second), uid.texts[size_t(row)]};
    if (ctf) {
      for (const double value : {defocus_u(row), defocus_v(row), degrees(angle(row)), degrees(phase(row)), b_factor(row), scale(row)}) {
        cells.push_back(formatted("{:.6f}", value));
      }
    }
    if (halves) cells.push_back(half(row) > 0 ? "2" : "1");
    if (micrograph) cells.push_back(micrograph->texts.empty() ? "None" : micrograph->texts[size_t(row)]);
    table.add_row(std::move(cells));
    if (!posed) continue;
    const double *const v = pose->numbers.data() + 3 * row, *const moved = shift->numbers.data() + 2 * row;
    const double per_pixel = posed_pixel(row) < 0 ? pixel_size(row) : posed_pixel(row);
    Pose found;
    found.rotation = rotation_from_vector({-v[0], -v[1], -v[2]});  // theirs turns the view to the reference
    found.shift_x = -moved[0] * per_pixel;
    found.shift_y = -moved[1] * per_pixel;
    poses.push_back(found);
  }
  StarFile star;
  star.tables = {std::move(optics), std::move(table)};
  return posed ? with_poses(std::move(star), poses) : star;
}

}  // namespace cryomer
