// What the tests of the simulated microscope share: small structures, settings without noise or blur, spectra, statistics.
#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

#include "cryomer/base/units.h"
#include "cryomer/io/trajectory.h"
#include "cryomer/kernels/fft.h"
#include "cryomer/simulation/half_spectrum.h"
#include "cryomer/simulation/micrograph.h"
#include "evaluation/small_structures.h"

namespace cryomer::testing {

// One atom each of these elements, in one group.
inline Structure atoms_of_elements(const std::vector<std::pair<int, Vec3>>& atoms) {
  Structure s;
  add_residue(s, "A", 1, "LIG", false, ResidueKind::other);
  for (const auto& [element, position] : atoms) add_atom(s, "X", element, position);
  return s;
}

// A globule of `count` carbon, nitrogen and oxygen atoms with the density of protein and no order.
inline Structure globule(int count, uint64_t seed = 3) {
  Random random(seed);
  std::vector<std::pair<int, Vec3>> atoms;
  const double radius = std::cbrt(17.0 * count * 3 / (4 * kPi));
  while (int(atoms.size()) < count) {
    const Vec3 p{radius * (2 * random.uniform() - 1), radius * (2 * random.uniform() - 1), radius * (2 * random.uniform() - 1)};
    const bool free = std::all_of(atoms.begin(), atoms.end(), [&](const auto& other) { return norm(other.second - p) > 1.5; });
    if (norm(p) > radius || !free) continue;
    const double kind = random.uniform();
    atoms.push_back({kind < 0.63 ? 6 : kind < 0.8 ? 7 : 8, p});
  }
  return atoms_of_elements(atoms);
}

// Vacuum around, no absorption, no hydrogens.
inline SimulationConfig bare(double b_factor = 30) {
  SimulationConfig c = simulation_preset("seed-physical");
  c.specimen.b_factor = b_factor;
  c.specimen.hydrogens = "none";
  c.specimen.absorption = "none";
  c.solvent.model = "none";
  c.ice.scattering = "none";
  c.ice.depth = "centre";
  c.lens.aperture = 0;
  c.lens.energy_spread = 0;
  c.lens.illumination_angle = 0;
  c.detector = {"counting", 1.0, "ideal", 1.0, 0, 0};
  return c;
}

inline SpecimenPotential potential_of(const Structure& s, const SimulationConfig& c, double pixel) {
  return {s, c.specimen, c.solvent, c.ice.inelastic_path, ElectronBeam(c.lens.voltage), pixel};
}

inline ProjectedPotential projected(const SpecimenPotential& potential, const Structure& s, const PotentialGrid& grid,
                                    const Mat3& rotation = {}, double dx = 0, double dy = 0) {
  ProjectedPotential result;
  const double middle = 0.5 * grid.size * grid.pixel;
  potential.project(potential.specimen(s.coordinates().data()), rotation, middle + dx, middle + dy, grid, result);
  return result;
}

inline std::vector<std::complex<float>> spectrum_of(const std::vector<float>& image, int size) {
  std::vector<std::complex<float>> spectrum(half_count(size));
  real_fft(image.data(), size, size, reinterpret_cast<float*>(spectrum.data()));
  return spectrum;
}

inline double sinc(double q) {
  return std::abs(q) < 1e-9 ? 1 : std::sin(kPi * q) / (kPi * q);
}

inline double relative_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0, norm2 = 0;
  for (size_t i = 0; i < b.size(); ++i) difference += std::pow(double(a[i]) - b[i], 2), norm2 += double(b[i]) * b[i];
  return std::sqrt(difference / norm2);
}

struct Moments2 {
  double mean = 0, variance = 0;
};
template <class Values>
Moments2 moments_of(const Values& values) {
  double sum = 0, squares = 0;
  for (const auto v : values) sum += v, squares += double(v) * v;
  const double n = double(values.size());
  return {sum / n, squares / n - sum / n * sum / n};
}

// Kolmogorov and Smirnov's distance of a sample from a distribution, times the square root of its size: above 1.95 once in a
// thousand.
template <class Distribution>
double kolmogorov(std::vector<double> values, Distribution&& cumulative) {
  std::sort(values.begin(), values.end());
  double most = 0;
  const double n = double(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double c = cumulative(values[i]);
    most = std::max({most, std::abs(c - double(i) / n), std::abs(c - double(i + 1) / n)});
  }
  return most * std::sqrt(n);
}

// States held in memory.
class HeldStates final : public TrajectoryReader {
 public:
  explicit HeldStates(std::vector<std::vector<float>> states) : states_(std::move(states)) {}
  int64_t size() const override { return int64_t(states_.size()); }
  void read(int64_t index, float* coordinates) override {
    std::copy(states_[size_t(index)].begin(), states_[size_t(index)].end(), coordinates);
  }

 private:
  std::vector<std::vector<float>> states_;
};

// Of the noise-free image over the incident beam, for cameras without MTF.
inline std::vector<float> relative_intensity(MicrographRenderer& renderer, const MicrographPlan& plan, const SimulationConfig& c) {
  std::vector<float> image = renderer.render(plan).clean;
  const double electrons = c.exposure.dose * c.layout.pixel_size * c.layout.pixel_size * c.detector.dqe * c.detector.gain;
  for (float& v : image) v = static_cast<float>(v / electrons);
  return image;
}

// The image's intensity of one structure in the middle of a field.
inline std::vector<float> intensity_of(const Structure& s, SimulationConfig c, int size, double defocus,
                                       const Mat3& rotation = {}) {
  c.layout.micrograph = size;
  c.extraction.box = size;
  const Microscope microscope(c, s);
  const auto specimen = std::make_shared<const Specimen>(microscope.potential.specimen(s.coordinates().data()));
  MicrographRenderer renderer(microscope, [&](int64_t) { return specimen; });
  MicrographPlan plan;
  plan.defocus_u = plan.defocus_v = defocus;
  PlannedParticle particle;
  particle.rotation = rotation;
  particle.x = particle.y = 0.5 * size;
  plan.particles = {particle};
  return relative_intensity(renderer, plan, c);
}

inline std::vector<float> less_one(std::vector<float> image) {
  for (float& v : image) v -= 1;
  return image;
}

}  // namespace cryomer::testing
