#include "cryomer/data/stack_optics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/text.h"
#include "cryomer/base/units.h"

namespace cryomer {

namespace {

class OpticsReader {
 public:
  OpticsReader(const StarFile& star, const StarTable& particles)
      : source_(particles.source), particles_(particles), optics_(optics_table(star)) {}

  StackOptics read(bool require_ctf) {
    number_optics_rows();
    read_rows(require_ctf);
    return std::move(result_);
  }

 private:
  // A value that may stand in the particle's row or, failing that, in its optics row.
  struct Field {
    const char* name = "";
    int particle = -1, optics = -1;
    bool found() const { return particle >= 0 || optics >= 0; }
  };

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
    const auto [entry, is_new] = group_of_key_.emplace(key, static_cast<int>(result_.groups.size()));
    last_group_ = entry->second;
    if (is_new) {
      check_optics(group, row, optics_row);
      const int name = optics_row >= 0 ? optics_->column("rlnOpticsGroupName") : -1;
      group.name = name >= 0 ? optics_->cell(optics_row, name)
                             : formatted("opticsGroup{}", static_cast<int>(result_.groups.size()) + 1);
      result_.sources.push_back({optics_row, row});
      result_.groups.push_back(std::move(group));
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

  void read_rows(bool require_ctf) {
    const Field defocus_u = field("rlnDefocusU"), defocus_v = field("rlnDefocusV"),
                angle = field("rlnDefocusAngle"), phase_shift = field("rlnPhaseShift"),
                b_factor = field("rlnCtfBfactor"), scale = field("rlnCtfScalefactor");
    result_.has_ctf = defocus_u.found();
    if (result_.has_ctf) {
      warn_of_assumed_optics();
    } else if (require_ctf) {
      fail(
          "{}: data_{} has no column _rlnDefocusU, so the contrast transfer function of the images is not "
          "known. It comes from a CTF estimation (RELION's CtfFind or CtfRefine job) followed by Extract, or "
          "from exporting the particles again with their CTF parameters. If the images have no CTF, as "
          "noise-free projections, write columns that make it 1 everywhere: rlnDefocusU 0, "
          "rlnSphericalAberration 0, rlnAmplitudeContrast 1",
          source_, particles_.name);
    }
    const int optics_column = particles_.column("rlnOpticsGroup");
    result_.group_of.resize(particles_.row_count());
    result_.ctf.resize(particles_.row_count());
    for (int64_t row = 0; row < particles_.row_count(); ++row) {
      const int optics = optics_row(row, optics_column);
      result_.group_of[row] = group_of(row, optics);
      if (result_.has_ctf) {
        CtfParameters& ctf = result_.ctf[row];
        ctf.defocus_u = number(defocus_u, row, optics, 0);
        ctf.defocus_v = number(defocus_v, row, optics, ctf.defocus_u);
        ctf.astigmatism_angle = radians(number(angle, row, optics, 0));
        ctf.phase_shift = radians(number(phase_shift, row, optics, 0));
        ctf.b_factor = number(b_factor, row, optics, 0);
        ctf.scale = number(scale, row, optics, 1);
      }
    }
    check_defocus();
  }

  // RELION's are in A; 0.5 is somebody's micrometres.
  void check_defocus() const {
    double largest = 0;
    for (const CtfParameters& ctf : result_.ctf) largest = std::max({largest, std::abs(ctf.defocus_u), std::abs(ctf.defocus_v)});
    if (largest == 0 || largest >= kLeastDefocus) return;
    log_warning("{}: no defocus is larger than {:g} A. Are they micrometres? rlnDefocusU and rlnDefocusV are in A, such as 5000", source_, largest);
  }

  using GroupKey = std::tuple<int, double, double, double, double, bool>;

  const std::string& source_;
  const StarTable& particles_;
  const StarTable* const optics_;
  const Field voltage_ = field("rlnVoltage"), spherical_aberration_ = field("rlnSphericalAberration"),
              amplitude_contrast_ = field("rlnAmplitudeContrast"),
              image_pixel_size_ = field("rlnImagePixelSize"), pixel_size_ = field("rlnPixelSize"),
              detector_ = field("rlnDetectorPixelSize"), magnification_ = field("rlnMagnification"),
              premultiplied_ = field("rlnCtfDataAreCtfPremultiplied");
  StackOptics result_;
  std::unordered_map<int64_t, int> optics_row_of_number_;
  std::map<GroupKey, int> group_of_key_;
  GroupKey last_key_{};
  int last_group_ = 0;
};

}  // namespace

const StarTable* optics_table(const StarFile& star) {
  const StarTable* const optics = star.find("optics");
  return optics && optics->row_count() > 0 ? optics : nullptr;
}

StackOptics read_stack_optics(const StarFile& star, const StarTable& particles, bool require_ctf) {
  return OpticsReader(star, particles).read(require_ctf);
}

}  // namespace cryomer
