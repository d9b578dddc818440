#include "cryomer/simulation/specimen_potential.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "cryomer/base/error.h"
#include "cryomer/base/units.h"
#include "cryomer/simulation/hydrogens.h"
#include "cryomer/simulation/scattering_factors.h"

namespace cryomer {

namespace {

double variance_of(double b) {
  return b / (8 * kPi * kPi);
}
float steepness_of(double variance, double pixel) {
  return static_cast<float>(pixel / std::sqrt(2 * variance));
}

// The five Gaussians of an atom, those narrower than the clamp's least width made so wide, with equal ones together.
void add_clamp_terms(std::vector<ClampTerm>& terms, int element, double count, double b_factor, double least_b, double scale) {
  const ScatteringFactor f = scattering_factor(element);
  for (int i = 0; i < 5; ++i) {
    const double variance = variance_of(std::max(f.b[i] + b_factor, least_b));
    const double integral = scale * count * kPotentialOfScattering * f.a[i];
    const auto same = std::find_if(terms.begin(), terms.end(), [&](const ClampTerm& t) { return t.variance == variance; });
    if (same == terms.end())
      terms.push_back({integral, variance});
    else
      same->integral += integral;
  }
}

}  // namespace

SpecimenPotential::SpecimenPotential(const Structure& structure, const SpecimenConfig& specimen, const SolventConfig& solvent,
                                     double ice_inelastic_path, const ElectronBeam& beam, double pixel)
    : specimen_(specimen), solvent_(solvent), pixel_(pixel) {
  if (specimen.absorption == "inelastic") {
    imaginary_contrast_ = (1 / specimen.inelastic_path - 1 / ice_inelastic_path) / (2 * beam.interaction);
  }
  for (int a = 0; a < structure.atom_count(); ++a) {
    if (!has_scattering_factor(structure.atoms[a].atomic_number)) {
      fail(
          "{}: atom {} is an element without an electron scattering factor (number {}). Remove it, or name its element in the file",
          structure.source, atom_label(structure, a), structure.atoms[a].atomic_number);
    }
  }
  const bool with_hydrogens = specimen.hydrogens == "absorbed";
  const std::vector<int> hydrogens = with_hydrogens ? hydrogens_on_atoms(structure) : std::vector<int>(structure.atoms.size(), 0);
  const bool clamp = solvent.model == "clamp";
  const double least_b = 200 * solvent.voxel * solvent.voxel;
  double widest = 0;
  PointKinds atom_kinds;
  std::map<std::pair<int, int>, uint16_t> kinds;  // element, whole A^2 of B-factor
  std::map<std::array<int, 3>, int> clamp_kinds;  // and hydrogens
  auto kind_of = [&](int element, int b) {
    const auto [found, fresh] = kinds.try_emplace({element, b}, static_cast<uint16_t>(kinds.size()));
    if (fresh) {
      const ScatteringFactor f = scattering_factor(element);
      for (int i = 0; i < 5; ++i) {
        const double variance = std::max(variance_of(f.b[i] + b), 1e-6);
        atom_kinds.amplitude.push_back(
            static_cast<float>(specimen.potential_scale * kPotentialOfScattering * f.a[i] / (pixel * pixel)));
        atom_kinds.steepness.push_back(steepness_of(variance, pixel));
        widest = std::max(widest, std::sqrt(variance));
      }
    }
    return found->second;
  };
  for (int a = 0; a < structure.atom_count(); ++a) {
    const Atom& atom = structure.atoms[a];
    const int element = atom.atomic_number;
    const double b_total = specimen.b_factor + (specimen.file_b_factors ? std::max(0.0, atom.b_factor) : 0.0);
    const int b = static_cast<int>(std::lround(std::min(b_total, 2000.0)));
    auto add = [&](int of_element, int count) {
      point_atom_.push_back(a);
      point_kind_.push_back(kind_of(of_element, b));
      point_weight_.push_back(static_cast<float>(count));
      integral_ += specimen.potential_scale * count * kPotentialOfScattering * scattering_factor(of_element).forward();
    };
    add(element, 1);
    if (hydrogens[a] > 0) add(1, hydrogens[a]);
    if (!clamp) continue;
    const auto [found, fresh] = clamp_kinds.try_emplace({element, hydrogens[a], b}, static_cast<int>(clamp_kinds.size()));
    if (fresh) {
      clamp_terms_.emplace_back();
      add_clamp_terms(clamp_terms_.back(), element, 1, b, least_b, specimen.potential_scale);
      if (hydrogens[a] > 0) add_clamp_terms(clamp_terms_.back(), 1, hydrogens[a], b, least_b, specimen.potential_scale);
    }
    clamp_kind_.push_back(found->second);
  }
  atom_profiles_ = PointProfiles(std::move(atom_kinds));
  reach_ = 4 * widest;
  // Continuum: a point stands for displaced volume. Clamp: for potential, blurred as interpolation between its voxels would
  // do on average (a triangle of that width along each axis has a sixth of its square as variance).
  const double softness = clamp ? solvent.voxel / std::sqrt(6.0) : projected_softness(solvent.softness, solvent.voxel);
  voxel_profiles_ =
      PointProfiles(PointKinds{1, {static_cast<float>(1 / (pixel * pixel))}, {steepness_of(softness * softness, pixel)}});
  if (solvent.model != "none") reach_ = std::max(reach_, solvent.radius + solvent.voxel + 4 * softness);
  if (clamp) reach_ = 4 * std::sqrt(variance_of(least_b)) + 4 * softness;
}

Specimen SpecimenPotential::specimen(const float* coordinates) const {
  Specimen result;
  const size_t atoms = point_atom_.empty() ? 0 : size_t(point_atom_.back()) + 1;
  result.atoms.assign(coordinates, coordinates + 3 * atoms);
  if (solvent_.model == "clamp") {
    result.solvent = clamped_potential(coordinates, clamp_kind_, clamp_terms_, solvent_.potential, solvent_.voxel);
  } else if (solvent_.model != "none") {
    result.solvent = displaced_volume(coordinates, atoms, solvent_.radius, solvent_.voxel);
  }
  double farthest = 0;
  for (size_t a = 0; a < atoms; ++a) {
    const float* const x = coordinates + 3 * a;
    farthest = std::max(farthest, double(x[0]) * x[0] + double(x[1]) * x[1] + double(x[2]) * x[2]);
  }
  result.depth = std::sqrt(farthest) + reach_;
  return result;
}

void SpecimenPotential::project(const Specimen& specimen, const Mat3& rotation, double x, double y, const PotentialGrid& grid,
                                ProjectedPotential& result, double from, double to) const {
  if (std::abs(grid.pixel - pixel_) > 1e-9 * pixel_) fail("potential: a grid of {} A pixels, made for {} A", grid.pixel, pixel_);
  const size_t area = size_t(grid.size) * size_t(grid.size);
  result.real.assign(area, 0.0f);
  result.imaginary.assign(area, 0.0f);
  result.thickness.assign(area, 0.0f);
  const bool sliced = from < to;
  const Slab slab{static_cast<float>(from / pixel_), static_cast<float>(to / pixel_)};
  std::vector<float> px, py, pz;
  const auto scale = 1 / pixel_;
  float m[9];
  for (int i = 0; i < 9; ++i) m[i] = static_cast<float>(scale * rotation.values[i]);
  const auto ox = static_cast<float>(x * scale), oy = static_cast<float>(y * scale);
  auto resize = [&](size_t n) { px.resize(n), py.resize(n), pz.resize(n); };
  if (solvent_.model != "clamp") {
    resize(point_atom_.size());
    for (size_t p = 0; p < point_atom_.size(); ++p) {
      const float* const r = specimen.atoms.data() + 3 * size_t(point_atom_[p]);
      px[p] = ox + m[0] * r[0] + m[1] * r[1] + m[2] * r[2];
      py[p] = oy + m[3] * r[0] + m[4] * r[1] + m[5] * r[2];
      pz[p] = m[6] * r[0] + m[7] * r[1] + m[8] * r[2];
    }
    add_pixel_means({px.data(), py.data(), pz.data(), point_weight_.data(), point_kind_.data(), px.size()}, atom_profiles_,
                    result.real.data(), grid.size, grid.size, sliced ? &slab : nullptr);
  }
  if (specimen.solvent.size() > 0) {
    const VoxelPoints& v = specimen.solvent;
    resize(v.size());
    for (size_t p = 0; p < v.size(); ++p) {
      px[p] = ox + m[0] * v.x[p] + m[1] * v.y[p] + m[2] * v.z[p];
      py[p] = oy + m[3] * v.x[p] + m[4] * v.y[p] + m[5] * v.z[p];
      pz[p] = m[6] * v.x[p] + m[7] * v.y[p] + m[8] * v.z[p];
    }
    float* const target = solvent_.model == "clamp" ? result.real.data() : result.thickness.data();
    add_pixel_means({px.data(), py.data(), pz.data(), v.weight.data(), nullptr, v.size()}, voxel_profiles_, target, grid.size,
                    grid.size, sliced ? &slab : nullptr);
    if (solvent_.model == "continuum") {
      const auto water = static_cast<float>(solvent_.potential), absorbed = static_cast<float>(imaginary_contrast_);
      for (size_t i = 0; i < area; ++i) {
        result.real[i] -= water * result.thickness[i];
        result.imaginary[i] = absorbed * result.thickness[i];
      }
    }
  }
  if (specimen_.absorption == "fraction") {
    const double a = specimen_.amplitude_contrast;
    const auto absorbed = static_cast<float>(a), kept = static_cast<float>(std::sqrt(1 - a * a));
    for (size_t i = 0; i < area; ++i) {
      result.imaginary[i] = absorbed * result.real[i];
      result.real[i] *= kept;
    }
  }
}

double SpecimenPotential::amplitude_contrast(const Specimen& specimen) const {
  if (specimen_.absorption == "fraction") return specimen_.amplitude_contrast;
  if (specimen_.absorption == "none" || solvent_.model != "continuum") return 0;
  double volume = 0;
  for (const float w : specimen.solvent.weight) volume += w;
  const double real = integral_ - solvent_.potential * volume, imaginary = imaginary_contrast_ * volume;
  return imaginary / std::hypot(real, imaginary);
}

}  // namespace cryomer
