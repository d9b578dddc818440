#include "cryomer/simulation/micrograph.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "cryomer/base/units.h"
#include "cryomer/kernels/fft.h"
#include "cryomer/simulation/half_spectrum.h"
#include "cryomer/simulation/propagation.h"
#include "cryomer/simulation/radiation_damage.h"
#include "cryomer/simulation/scattering_factors.h"

namespace cryomer {

namespace {

double sinc(double q) {
  return std::abs(q) < 1e-9 ? 1 : std::sin(kPi * q) / (kPi * q);
}

// Frequencies beyond which nothing of a specimen is seen: the detector's or the aperture's.
double highest_frequency(const SimulationConfig& c, const ElectronBeam& beam) {
  return std::min(0.5 / c.layout.pixel_size, 1.05 * aperture_frequency(c.lens, beam));
}

}  // namespace

Microscope::Microscope(const SimulationConfig& c, const Structure& structure)
    : config(c),
      beam(c.lens.voltage),
      potential(structure, c.specimen, c.solvent, c.ice.inelastic_path, beam, c.layout.pixel_size / double(c.lens.oversampling)),
      ice(c.ice, c.lens, beam),
      detector(c.detector) {}

// The image's wave as its deviation from 1, and how much ice the molecules take away.
struct MicrographRenderer::Canvas {
  int size;
  std::vector<float> real, imaginary, thickness;

  explicit Canvas(int n) : size(n), real(size_t(n) * n, 0.0f), imaginary(size_t(n) * n, 0.0f), thickness(size_t(n) * n, 0.0f) {}
};

MicrographRenderer::MicrographRenderer(const Microscope& microscope, Specimens specimens)
    : microscope_(microscope), specimens_(std::move(specimens)) {}

LensTransfer& MicrographRenderer::lens_for(int size) {
  const auto found = lens_.find(size);
  if (found != lens_.end()) return found->second;
  const SimulationConfig& c = microscope_.config;
  const double pixel = c.layout.pixel_size, fine = pixel / double(c.lens.oversampling);
  std::vector<float> filter(half_count(size));
  for_each_frequency(size, pixel, [&](size_t i, double kx, double ky) {
    // Potentials are means over fine pixels; the detector's own pixels are in its MTF.
    double factor = 1 / (sinc(kx * fine) * sinc(ky * fine));
    if (c.exposure.damage) factor *= damaged_amplitude(std::hypot(kx, ky), c.exposure.dose, c.lens.voltage, int(c.exposure.frames));
    filter[i] = static_cast<float>(factor);
  });
  return lens_.emplace(size, LensTransfer(c.lens, microscope_.beam, size, pixel, std::move(filter))).first->second;
}

void MicrographRenderer::add_particle(const MicrographPlan& plan, const PlannedParticle& particle, Canvas& canvas) {
  const SimulationConfig& c = microscope_.config;
  const ElectronBeam& beam = microscope_.beam;
  const std::shared_ptr<const Specimen> specimen = specimens_(particle.state);
  const double pixel = c.layout.pixel_size;
  const auto oversampling = static_cast<int>(c.lens.oversampling);
  const double farthest = std::max(std::abs(plan.defocus_u), std::abs(plan.defocus_v)) + std::abs(particle.z) + specimen->depth;
  const double reach = specimen->depth + delocalisation(c.lens, beam, farthest, highest_frequency(c, beam));
  const int patch = std::min(fast_size(2 * reach / pixel + 2), 2 * fast_size(double(canvas.size)));
  const PotentialGrid grid{patch * oversampling, pixel / oversampling};
  const int left = static_cast<int>(std::floor(particle.x)) - patch / 2, top = static_cast<int>(std::floor(particle.y)) - patch / 2;
  const double x = (particle.x - left) * pixel, y = (particle.y - top) * pixel;

  double plane = 0;  // depth at which the exit wave stands
  const bool linear = c.lens.propagation == "weak-phase";
  if (c.lens.propagation == "multislice") {
    plane = multislice(
        [&](double from, double to, ProjectedPotential& slab) {
          // The first and the last slab also hold what the Gaussians' tails carry beyond them.
          const double far = 4 * specimen->depth;
          microscope_.potential.project(*specimen, particle.rotation, x, y, grid, slab,
                                        from < -specimen->depth + 1e-6 ? -far : from, to > specimen->depth - 1e-6 ? far : to);
        },
        specimen->depth, c.lens.slice, grid.size, grid.pixel, beam, exit_wave_);
  } else {
    microscope_.potential.project(*specimen, particle.rotation, x, y, grid, potential_);
    linear ? weak_phase(potential_, grid.size, beam, exit_wave_) : phase_grating(potential_, grid.size, beam, exit_wave_);
  }

  LensTransfer& lens = lens_for(patch);
  lens.focus(plan.defocus_u + particle.z + plane, plan.defocus_v + particle.z + plane, plan.astigmatism_angle);
  const size_t fine_half = 2 * half_count(grid.size), half = 2 * half_count(patch);
  const auto scale = static_cast<float>(1 / (double(grid.size) * grid.size));
  fine_.resize(fine_half);
  real_spectrum_.resize(half);
  imaginary_spectrum_.resize(half);
  real_fft(exit_wave_.real.data(), grid.size, grid.size, fine_.data());
  crop_spectrum(fine_.data(), grid.size, real_spectrum_.data(), patch, scale);
  real_fft(exit_wave_.imaginary.data(), grid.size, grid.size, fine_.data());
  crop_spectrum(fine_.data(), grid.size, imaginary_spectrum_.data(), patch, scale);
  lens.apply(real_spectrum_.data(), imaginary_spectrum_.data());
  fine_.resize(std::max(fine_half, size_t(patch) * patch));

  const int i_first = std::max(0, -left), i_last = std::min(patch, canvas.size - left);
  const int j_first = std::max(0, -top), j_last = std::min(patch, canvas.size - top);
  auto add = [&](const float* values, int stride, std::vector<float>& target) {
    for (int j = j_first; j < j_last; ++j) {
      float* const out = target.data() + size_t(top + j) * canvas.size + left;
      const float* const in = values + size_t(j) * stride;
      for (int i = i_first; i < i_last; ++i) out[i] += in[i];
    }
  };
  inverse_real_fft(real_spectrum_.data(), patch, patch, fine_.data());
  add(fine_.data(), patch, canvas.real);
  if (!linear) {
    inverse_real_fft(imaginary_spectrum_.data(), patch, patch, fine_.data());
    add(fine_.data(), patch, canvas.imaginary);
  }
  if (c.ice.structure_noise && c.lens.propagation != "multislice") {
    for (int j = j_first; j < j_last; ++j) {
      const float* const in = potential_.thickness.data() + size_t(j) * oversampling * grid.size;
      float* const out = canvas.thickness.data() + size_t(top + j) * canvas.size + left;
      for (int i = i_first; i < i_last; ++i) out[i] += in[size_t(i) * oversampling];
    }
  }
}

std::vector<float> MicrographRenderer::ice_phase(const MicrographPlan& plan, const Canvas& canvas) const {
  const SimulationConfig& c = microscope_.config;
  Random random = random_for(c.seed, RandomPurpose::ice).substream(uint64_t(plan.index));
  std::vector<float> phase = IceNoise{c.ice.thickness, c.exposure.dose, c.ice.water_motion}.field(canvas.size, c.layout.pixel_size,
                                                                                                  microscope_.beam, random);
  // Less ice, less of its noise.
  const auto thickness = static_cast<float>(std::max(1.0, c.ice.thickness));
  for (size_t i = 0; i < phase.size(); ++i) phase[i] *= std::max(0.0f, 1 - canvas.thickness[i] / thickness);
  return phase;
}

// Random waters everywhere but in the molecules, less their mean.
std::vector<float> MicrographRenderer::water_phase(const MicrographPlan& plan) const {
  const SimulationConfig& c = microscope_.config;
  const double pixel = c.layout.pixel_size, edge = double(c.layout.micrograph) * pixel, voxel = c.solvent.voxel;
  const auto size = static_cast<int>(c.layout.micrograph);
  struct Hole {
    const PlannedParticle* particle;
    double depth;
    std::unordered_set<int64_t> voxels;
  };
  auto key = [](int64_t x, int64_t y, int64_t z) { return (x + 100000) + 200000 * ((y + 100000) + 200000 * (z + 100000)); };
  std::vector<Hole> holes;
  for (const PlannedParticle& particle : plan.particles) {
    const auto specimen = specimens_(particle.state);
    Hole hole{&particle, specimen->depth, {}};
    const VoxelPoints& v = specimen->solvent;
    for (size_t i = 0; i < v.size(); ++i) {
      if (v.weight[i] < 0.5 * voxel * voxel * voxel) continue;
      hole.voxels.insert(key(std::lround(v.x[i] / voxel), std::lround(v.y[i] / voxel), std::lround(v.z[i] / voxel)));
    }
    holes.push_back(std::move(hole));
  }
  PointKinds kinds;
  for (const int element : {8, 1}) {
    const ScatteringFactor f = scattering_factor(element);
    for (int i = 0; i < 5; ++i) {
      const double variance = (f.b[i] + c.specimen.b_factor) / (8 * kPi * kPi);
      kinds.amplitude.push_back(static_cast<float>(c.specimen.potential_scale * kPotentialOfScattering * f.a[i] / (pixel * pixel)));
      kinds.steepness.push_back(static_cast<float>(pixel / std::sqrt(2 * variance)));
    }
  }
  const PointProfiles profiles(std::move(kinds));
  Random random = random_for(c.seed, RandomPurpose::water).substream(uint64_t(plan.index));
  std::vector<float> potential(size_t(size) * size, 0.0f);
  std::vector<float> x, y, weight;
  std::vector<uint16_t> kind;
  const double half_thickness = 0.5 * c.ice.thickness;
  auto waters = static_cast<int64_t>(std::llround(water_number_density(c.solvent.water_density) * edge * edge * c.ice.thickness));
  while (waters > 0) {
    x.clear(), y.clear(), weight.clear(), kind.clear();
    for (int64_t n = std::min<int64_t>(waters, 100000); n > 0; --n, --waters) {
      const Vec3 water{edge * random.uniform(), edge * random.uniform(), half_thickness * (2 * random.uniform() - 1)};
      const bool taken = std::any_of(holes.begin(), holes.end(), [&](const Hole& h) {
        const Vec3 away = water - Vec3{h.particle->x * pixel, h.particle->y * pixel, h.particle->z};
        if (std::abs(away.x) > h.depth || std::abs(away.y) > h.depth || std::abs(away.z) > h.depth) return false;
        const Vec3 own = transposed(h.particle->rotation) * away;
        return h.voxels.count(key(std::lround(own.x / voxel), std::lround(own.y / voxel), std::lround(own.z / voxel))) > 0;
      });
      if (taken) continue;
      // Oxygen, and both hydrogens in its place.
      for (int part = 0; part < 2; ++part) {
        x.push_back(static_cast<float>(water.x / pixel));
        y.push_back(static_cast<float>(water.y / pixel));
        weight.push_back(part == 0 ? 1.0f : 2.0f);
        kind.push_back(static_cast<uint16_t>(part));
      }
    }
    add_pixel_means({x.data(), y.data(), nullptr, weight.data(), kind.data(), x.size()}, profiles, potential.data(), size, size);
  }
  const auto mean = static_cast<float>(water_potential(c.solvent.water_density) * c.ice.thickness),
             sigma = static_cast<float>(microscope_.beam.interaction);
  for (float& value : potential) value = sigma * (value - mean);
  return potential;
}

void MicrographRenderer::add_ice(const MicrographPlan& plan, Canvas& canvas) {
  const SimulationConfig& c = microscope_.config;
  std::vector<float> phase;
  if (c.ice.structure_noise) phase = ice_phase(plan, canvas);
  if (c.solvent.model == "explicit") {
    const std::vector<float> waters = water_phase(plan);
    phase.resize(waters.size(), 0.0f);
    for (size_t i = 0; i < waters.size(); ++i) phase[i] += waters[i];
  }
  if (phase.empty()) return;
  // Weak: it goes through the lens at the specimen's middle.
  const int n = canvas.size;
  LensTransfer lens(c.lens, microscope_.beam, n, c.layout.pixel_size);
  lens.focus(plan.defocus_u, plan.defocus_v, plan.astigmatism_angle);
  std::vector<float> real(2 * half_count(n), 0.0f), imaginary(2 * half_count(n)), values(size_t(n) * n);
  const auto scale = static_cast<float>(1 / (double(n) * n));
  for (float& value : phase) value *= scale;
  real_fft(phase.data(), n, n, imaginary.data());
  lens.apply(real.data(), imaginary.data());
  inverse_real_fft(real.data(), n, n, values.data());
  for (size_t i = 0; i < values.size(); ++i) canvas.real[i] += values[i];
  inverse_real_fft(imaginary.data(), n, n, values.data());
  for (size_t i = 0; i < values.size(); ++i) canvas.imaginary[i] += values[i];
}

std::vector<float> MicrographRenderer::intensity_of(const Canvas& canvas) const {
  std::vector<float> result(canvas.real.size());
  const bool linear = microscope_.config.lens.propagation == "weak-phase";
  for (size_t i = 0; i < result.size(); ++i) {
    const float a = canvas.real[i], b = canvas.imaginary[i];
    result[i] = linear ? 1 + 2 * a : 1 + 2 * a + a * a + b * b;
  }
  return result;
}

// Expected electrons on each pixel: dose, ice, drift, and what the detector does before counting.
std::vector<float> MicrographRenderer::electrons(const Canvas& canvas, const MicrographPlan& plan) const {
  const SimulationConfig& c = microscope_.config;
  std::vector<float> values = intensity_of(canvas);
  const int n = canvas.size;
  const double pixel = c.layout.pixel_size, defocus = 0.5 * (plan.defocus_u + plan.defocus_v),
               dose = c.exposure.dose * pixel * pixel;
  const bool drifts = c.exposure.drift > 0, filtered = drifts || microscope_.ice.blurs() || microscope_.detector.filters_before();
  if (!filtered) {
    const auto factor = static_cast<float>(dose * microscope_.ice.transfer(0, defocus));
    for (float& value : values) value *= factor;
    return values;
  }
  std::vector<float> spectrum(2 * half_count(n));
  real_fft(values.data(), n, n, spectrum.data());
  const double area = double(n) * n;
  // Radial, and the square root is all that the loop should pay for: a table.
  const int steps = 2 * n;
  std::vector<float> radial(size_t(steps) + 2);
  for (int i = 0; i < steps + 2; ++i) {
    const double q = 0.71 * i / steps;
    radial[size_t(i)] =
        static_cast<float>(dose / area * microscope_.ice.transfer(q / pixel, defocus) * microscope_.detector.before(q));
  }
  for_each_frequency(n, 1.0, [&](size_t i, double qx, double qy) {
    const auto place = static_cast<float>(std::sqrt(qx * qx + qy * qy) * steps / 0.71);
    const int step = static_cast<int>(place);
    const float factor = radial[size_t(step)] + (place - float(step)) * (radial[size_t(step) + 1] - radial[size_t(step)]);
    spectrum[2 * i] *= factor;
    spectrum[2 * i + 1] *= factor;
  });
  if (drifts) {
    // What motion correction leaves: frames shifted at random about their mean.
    Random random = random_for(c.seed, RandomPurpose::counts).substream(uint64_t(plan.index)).substream(1);
    const auto frames = static_cast<size_t>(c.exposure.frames);
    std::vector<Vec3> shift(frames);
    Vec3 mean;
    for (Vec3& s : shift) {
      s = {c.exposure.drift * random.normal() / pixel, c.exposure.drift * random.normal() / pixel, 0};
      mean += (1.0 / double(frames)) * s;
    }
    const int columns = half_columns(n);
    std::vector<float> re(half_count(n), 0.0f), im(half_count(n), 0.0f), cx(static_cast<size_t>(columns)),
        sx(static_cast<size_t>(columns));
    for (const Vec3& s : shift) {
      for (int u = 0; u < columns; ++u) {
        const double phase = -2 * kPi * u * (s.x - mean.x) / n;
        cx[size_t(u)] = static_cast<float>(std::cos(phase) / double(frames));
        sx[size_t(u)] = static_cast<float>(std::sin(phase) / double(frames));
      }
      for (int v = 0; v < n; ++v) {
        const double phase = -2 * kPi * frequency_of_row(v, n) * (s.y - mean.y) / n;
        const auto cy = static_cast<float>(std::cos(phase)), sy = static_cast<float>(std::sin(phase));
        float* const re_row = re.data() + size_t(v) * columns;
        float* const im_row = im.data() + size_t(v) * columns;
        for (int u = 0; u < columns; ++u) {
          re_row[u] += cx[size_t(u)] * cy - sx[size_t(u)] * sy;
          im_row[u] += cx[size_t(u)] * sy + sx[size_t(u)] * cy;
        }
      }
    }
    for (size_t i = 0; i < re.size(); ++i) {
      const float a = spectrum[2 * i], b = spectrum[2 * i + 1];
      spectrum[2 * i] = a * re[i] - b * im[i];
      spectrum[2 * i + 1] = a * im[i] + b * re[i];
    }
  }
  inverse_real_fft(spectrum.data(), n, n, values.data());
  return values;
}

Micrograph MicrographRenderer::render(const MicrographPlan& plan) {
  const SimulationConfig& c = microscope_.config;
  Micrograph result;
  result.size = static_cast<int>(c.layout.micrograph);
  Canvas canvas(result.size);
  for (const PlannedParticle& particle : plan.particles) add_particle(plan, particle, canvas);
  result.clean = electrons(canvas, plan);
  const bool granular = c.ice.structure_noise || c.solvent.model == "explicit";
  if (granular) {
    add_ice(plan, canvas);
    result.noisy = electrons(canvas, plan);
  } else {
    result.noisy = result.clean;
  }
  double sum = 0;
  for (const float value : result.clean) sum += value;
  result.electrons = sum / double(result.clean.size());
  Random random = random_for(c.seed, RandomPurpose::counts).substream(uint64_t(plan.index)).substream(0);
  microscope_.detector.record(result.noisy, result.size, random);
  microscope_.detector.expect(result.clean, result.size);
  return result;
}

}  // namespace cryomer
