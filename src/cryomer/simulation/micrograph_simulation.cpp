#include "cryomer/simulation/micrograph_simulation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"
#include "cryomer/base/text.h"
#include "cryomer/base/units.h"
#include "cryomer/data/box_fit.h"
#include "cryomer/data/particle_table.h"
#include "cryomer/io/mrc.h"
#include "cryomer/kernels/fft.h"
#include "cryomer/simulation/aligned_states.h"
#include "cryomer/simulation/extraction.h"
#include "cryomer/simulation/half_spectrum.h"
#include "cryomer/simulation/micrograph.h"
#include "cryomer/simulation/resumable_stack.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {

namespace {

namespace fs = std::filesystem;

// The specimen of the state asked for last; a micrograph usually shows one.
MicrographRenderer::Specimens last_specimen(const Microscope& microscope, AlignedStates& states) {
  struct Last {
    int64_t state = -1;
    std::shared_ptr<const Specimen> specimen;
  };
  auto last = std::make_shared<Last>();
  return [&microscope, &states, last](int64_t state) {
    if (last->state != state) {
      last->specimen = std::make_shared<const Specimen>(microscope.potential.specimen(states.read(state).data()));
      last->state = state;
    }
    return last->specimen;
  };
}

// Variance about the mean, over the box and over a disc of a radius in pixels about its middle.
struct Variance {
  double box = 0, disc = 0;
};
Variance variance_of(const std::vector<float>& image, int box, double radius) {
  double sum[2] = {}, squares[2] = {}, count[2] = {};
  for (int j = 0; j < box; ++j) {
    for (int i = 0; i < box; ++i) {
      const double value = image[size_t(j) * box + i], x = i - box / 2, y = j - box / 2;
      const int sets = x * x + y * y <= radius * radius ? 2 : 1;
      for (int s = 0; s < sets; ++s) sum[s] += value, squares[s] += value * value, count[s] += 1;
    }
  }
  const auto of = [&](int s) { return squares[s] / count[s] - sum[s] * sum[s] / (count[s] * count[s]); };
  return {of(0), of(1)};
}

struct Extraction {
  MicrographFigures figures;
  std::vector<ExtractedParticle> particles;
};

Extraction extract_all(const Micrograph& micrograph, const MicrographPlan& plan, const SimulationConfig& config, double radius) {
  Extraction result;
  const auto box = static_cast<int>(config.particle_box());
  const Background background = background_of(micrograph, plan, radius / config.layout.pixel_size + 8);
  MicrographFigures& f = result.figures;
  f.index = plan.index;
  f.electrons = micrograph.electrons;
  f.background_deviation = background.deviation;
  bool first = true;
  double clean_background = 0;
  {
    Micrograph clean;
    clean.size = micrograph.size;
    clean.noisy = micrograph.clean;
    clean_background = background_of(clean, plan, radius / config.layout.pixel_size + 8).mean;
  }
  for (const PlannedParticle& particle : plan.particles) {
    result.particles.push_back(extract(micrograph, particle, background, config));
    const ExtractedParticle& e = result.particles.back();
    const Variance signal = variance_of(e.clean, box, radius / config.particle_pixel_size());
    std::vector<float> noise(e.noisy);
    for (size_t i = 0; i < noise.size(); ++i) noise[i] -= e.clean[i];
    f.particles += 1;
    f.signal_box += signal.box;
    f.signal_disc += signal.disc;
    f.noise += variance_of(noise, box, 0).box;
    // In counts, whatever the images' unit.
    double sum = 0, squares = 0;
    for (int64_t j = 0; j < config.extraction.box; ++j) {
      for (int64_t i = 0; i < config.extraction.box; ++i) {
        const double value =
            micrograph.clean[size_t(particle.top + j) * micrograph.size + size_t(particle.left + i)] / clean_background;
        sum += value, squares += value * value;
      }
    }
    const double count = double(config.extraction.box) * double(config.extraction.box);
    f.contrast += squares / count - sum * sum / (count * count);
    for (const float value : e.noisy) {
      f.minimum = first ? value : std::min<double>(f.minimum, value);
      f.maximum = first ? value : std::max<double>(f.maximum, value);
      f.sum += value;
      f.squares += double(value) * value;
      first = false;
    }
  }
  return result;
}

std::string micrograph_name(int64_t index) {
  return formatted("micrographs/micrograph_{:06d}.mrc", index + 1);
}

void write_micrograph(const std::string& path, const std::vector<float>& values, int size, double pixel) {
  MrcStackWriter writer(path, size, size, pixel);
  writer.write_section(values.data());
  writer.commit();
}

// Radius about the centroid that holds all but a twentieth of the atoms, A: the farthest of them hardly show.
double bulk_radius(const Structure& structure) {
  std::vector<double> distance;
  for (const Atom& atom : structure.atoms) distance.push_back(norm(atom.position - structure.centroid()));
  const auto place = distance.begin() + std::ptrdiff_t(0.95 * double(distance.size() - 1));
  std::nth_element(distance.begin(), place, distance.end());
  return *place;
}

// Room for the particle and what the lens carries away from it: too little of the latter costs signal, of the former the particle.
void check_box(const Structure& structure, const SimulationConfig& c, double radius) {
  const ElectronBeam beam(c.lens.voltage);
  const double edge = double(c.extraction.box) * c.layout.pixel_size;
  // What the signal up to 10 A needs; finer detail is carried farther, but there is little of it.
  const double away = delocalisation(c.lens, beam, std::max(std::abs(c.lens.defocus_least), std::abs(c.lens.defocus_most)), 0.1);
  const auto needed = 2 * static_cast<int64_t>(std::ceil((radius + away) / c.layout.pixel_size));
  if (edge < 2 * bulk_radius(structure)) {
    fail(
        "{}: the particle is {:.0f} A across, a box of {} pixels only {:.0f} A. With {:.0f} A to each side for what the defocus "
        "carries out of it, "
        "--box {} would hold it",
        structure.source, 2 * radius, c.extraction.box, edge, away, needed);
  }
  if (edge < 2 * (radius + away)) {
    log_warning(
        "{}: the particle is {:.0f} A across and the defocus carries its signal {:.0f} A out of it; a box of {} pixels ({:.0f} A) "
        "loses some. "
        "--box {} would hold it",
        structure.source, 2 * radius, away, c.extraction.box, edge, needed);
  }
}

// FNV-1a over what a run depends on.
std::string fingerprint(const SimulationConfig& config, AlignedStates& states, const std::vector<double>& weights) {
  uint64_t hash = 0xcbf29ce484222325ull;
  auto add = [&](const void* bytes, size_t count) {
    for (size_t i = 0; i < count; ++i) hash = (hash ^ static_cast<const unsigned char*>(bytes)[i]) * 0x100000001b3ull;
  };
  const std::string text = config_to_json(config);
  add(text.data(), text.size());
  add(weights.data(), weights.size() * sizeof(double));
  add(states.base().data(), states.base().size() * sizeof(float));
  for (const int64_t state : {int64_t{0}, states.size() - 1}) {
    const std::vector<float> x = states.read(state);
    add(x.data(), x.size() * sizeof(float));
  }
  return formatted("{:016x} of {} states", hash, states.size());
}

struct Ratio {
  double box = 0, disc = 0;
};

// Signal over noise of a few micrographs.
Ratio probe_ratio(const SimulationConfig& config, const Structure& structure, AlignedStates& states, const DataSetPlan& plan,
                  double radius) {
  const Microscope microscope(config, structure);
  const int64_t probes = std::min<int64_t>(plan.micrographs(), 4);
  std::vector<MicrographFigures> figures(static_cast<size_t>(probes));
  parallel_for(probes, 1, [&](int64_t first, int64_t last) {
    MicrographRenderer renderer(microscope, last_specimen(microscope, states));
    for (int64_t m = first; m < last; ++m) {
      const MicrographPlan one = plan.micrograph(m);
      figures[size_t(m)] = extract_all(renderer.render(one), one, config, radius).figures;
    }
  });
  double signal = 0, disc = 0, noise = 0;
  for (const MicrographFigures& f : figures) signal += f.signal_box, disc += f.signal_disc, noise += f.noise;
  return {signal / noise, disc / noise};
}

double solved_dose(SimulationConfig config, const Structure& structure, AlignedStates& states, const DataSetPlan& plan,
                   double radius) {
  const double wanted = config.exposure.snr;
  double low = 0, low_ratio = 0;
  for (int step = 0; step < 12; ++step) {
    const double ratio = probe_ratio(config, structure, states, plan, radius).box;
    log_info("  {:.4g} e/A^2: signal to noise {:.4g} in the box", config.exposure.dose, ratio);
    if (std::abs(ratio / wanted - 1) < 0.005) return config.exposure.dose;
    // The ratio grows with the dose, more slowly where ice or damage limit it: a secant in logarithms.
    double slope = 1;
    if (low > 0 && low != config.exposure.dose) slope = std::log(ratio / low_ratio) / std::log(config.exposure.dose / low);
    low = config.exposure.dose, low_ratio = ratio;
    if (!(slope > 0.02)) break;
    config.exposure.dose *= std::clamp(std::pow(wanted / ratio, 1 / slope), 0.01, 100.0);
    if (!(config.exposure.dose > 0.01 && config.exposure.dose < 1e6)) break;
  }
  fail_usage(
      "--snr {}: no dose from 0.01 to 1e6 e/A^2 gives it with these settings (the last one, {:.4g} e/A^2, gave {:.4g}); damage, "
      "ice and the "
      "detector set a limit",
      wanted, low, low_ratio);
}

StarFile star_file(const SimulationConfig& c, const DataSetPlan& plan, double amplitude_contrast, bool truth) {
  StarFile file;
  StarTable optics;
  optics.name = "optics";
  optics.comments = {" version 30001"};
  for (const char* column :
       {"rlnOpticsGroup", "rlnOpticsGroupName", "rlnMicrographPixelSize", "rlnVoltage", "rlnSphericalAberration",
        "rlnAmplitudeContrast", "rlnImagePixelSize", "rlnImageSize", "rlnImageDimensionality", "rlnCtfDataAreCtfPremultiplied"}) {
    optics.add_column(column);
  }
  optics.add_row({"1", "simulated", formatted("{:.6f}", c.layout.pixel_size), formatted("{:.6f}", c.lens.voltage),
                  formatted("{:.6f}", c.lens.spherical_aberration), formatted("{:.6f}", amplitude_contrast),
                  formatted("{:.6f}", c.particle_pixel_size()), formatted("{}", c.particle_box()), "2", "0"});
  StarTable particles;
  particles.name = "particles";
  particles.comments = {" version 30001"};
  for (const char* column : {"rlnImageName", "rlnMicrographName", "rlnCoordinateX", "rlnCoordinateY", "rlnOpticsGroup",
                             "rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle", "rlnPhaseShift"}) {
    particles.add_column(column);
  }
  if (truth) {
    for (const char* column : {"cryomerStateIndex", "cryomerTrueX", "cryomerTrueY", "cryomerDepth", "cryomerQuaternionW",
                               "cryomerQuaternionX", "cryomerQuaternionY", "cryomerQuaternionZ"}) {
      particles.add_column(column);
    }
  }
  std::vector<std::vector<std::string>> rows(static_cast<size_t>(c.layout.particles));
  std::vector<Pose> poses(rows.size());
  for (int64_t m = 0; m < plan.micrographs(); ++m) {
    const MicrographPlan micrograph = plan.micrograph(m);
    for (const PlannedParticle& p : micrograph.particles) {
      std::vector<std::string>& row = rows[size_t(p.row)];
      const double half = 0.5 * double(c.extraction.box);
      row = {formatted("{:06d}@particles.mrcs", p.row + 1),
             micrograph_name(m),
             formatted("{:.1f}", double(p.left) + half),
             formatted("{:.1f}", double(p.top) + half),
             "1",
             formatted("{:.2f}", micrograph.defocus_u + p.z),
             formatted("{:.2f}", micrograph.defocus_v + p.z),
             formatted("{:.3f}", degrees(micrograph.astigmatism_angle)),
             formatted("{:.2f}", c.lens.phase_shift)};
      if (c.lens.astigmatism == 0) row[7] = "0.000";
      if (!truth) continue;
      const Quaternion q = quaternion_from_rotation(p.rotation);
      for (std::string& cell : std::vector<std::string>{
               std::to_string(p.state), formatted("{:.4f}", p.x), formatted("{:.4f}", p.y), formatted("{:.3f}", p.z),
               formatted("{:.7f}", q.w), formatted("{:.7f}", q.x), formatted("{:.7f}", q.y), formatted("{:.7f}", q.z)}) {
        row.push_back(std::move(cell));
      }
      poses[size_t(p.row)] = p.pose(c);
    }
  }
  particles.reserve_rows(int64_t(rows.size()));
  for (std::vector<std::string>& row : rows) particles.add_row(std::move(row));
  file.tables = {optics, particles};
  return truth ? with_poses(std::move(file), poses) : file;
}

// Radial means of the power of an image about its mean, per pixel and relative to the mean's square.
void radial_power(const std::vector<float>& image, int size, double pixel, std::vector<double>& frequency,
                  std::vector<double>& power) {
  double mean = 0;
  for (const float v : image) mean += v / double(image.size());
  std::vector<float> centred(image), spectrum(2 * half_count(size));
  for (float& v : centred) v = static_cast<float>(v / mean - 1);
  real_fft(centred.data(), size, size, spectrum.data());
  std::vector<double> sum(size_t(size) / 2, 0), count(sum);
  for_each_frequency(size, 1.0 / size, [&](size_t i, double u, double v) {
    const auto ring = static_cast<size_t>(std::lround(std::hypot(u, v)));
    if (ring == 0 || ring >= sum.size()) return;
    sum[ring] += double(spectrum[2 * i]) * spectrum[2 * i] + double(spectrum[2 * i + 1]) * spectrum[2 * i + 1];
    count[ring] += 1;
  });
  frequency.clear(), power.clear();
  for (size_t ring = 1; ring < sum.size(); ++ring) {
    frequency.push_back(double(ring) / (size * pixel));
    power.push_back(sum[ring] / count[ring] / double(image.size()));
  }
}

SimulationExample example_of(const Microscope& microscope, AlignedStates& states, const DataSetPlan& plan, double radius,
                             double amplitude_contrast) {
  const SimulationConfig& c = microscope.config;
  SimulationExample e;
  e.micrograph_size = static_cast<int>(c.layout.micrograph);
  e.box = static_cast<int>(c.particle_box());
  e.pixel_size = c.layout.pixel_size;
  e.particle_pixel_size = c.particle_pixel_size();
  const MicrographPlan one = plan.micrograph(0);
  MicrographRenderer renderer(microscope, last_specimen(microscope, states));
  Micrograph micrograph = renderer.render(one);
  const Extraction extraction = extract_all(micrograph, one, c, radius);
  for (size_t p = 0; p < std::min<size_t>(8, extraction.particles.size()); ++p) {
    const ExtractedParticle& particle = extraction.particles[p];
    e.particles.insert(e.particles.end(), particle.noisy.begin(), particle.noisy.end());
    e.clean_particles.insert(e.clean_particles.end(), particle.clean.begin(), particle.clean.end());
  }
  radial_power(micrograph.noisy, e.micrograph_size, e.pixel_size, e.frequency, e.power);
  radial_power(micrograph.clean, e.micrograph_size, e.pixel_size, e.frequency, e.clean_power);
  double mean = 0;
  for (const float v : micrograph.clean) mean += v / double(micrograph.clean.size());
  for (const double k : e.frequency)
    e.noise_power.push_back(microscope.detector.noise_power(k * e.pixel_size, micrograph.electrons) / (mean * mean));
  e.defocus = 0.5 * (one.defocus_u + one.defocus_v);
  e.zeros = ctf_zeros(c.lens, microscope.beam, e.defocus, amplitude_contrast, 0.5 / e.pixel_size);
  e.micrograph = std::move(micrograph.noisy);
  e.clean = std::move(micrograph.clean);
  return e;
}

// Power of the granularity of ice in an image relative to its mean, per pixel: 4 sin^2 chi P(k) / pixel^2, averaged over the
// defocus.
double ice_power(const Microscope& microscope, double k) {
  const SimulationConfig& c = microscope.config;
  if (!c.ice.structure_noise) return 0;
  const double lambda = microscope.beam.wavelength, cs = c.lens.spherical_aberration * 1e7;
  double mean = 0;
  const int draws = 64;
  for (int n = 0; n < draws; ++n) {
    const double defocus = c.lens.defocus_least + (c.lens.defocus_most - c.lens.defocus_least) * (n + 0.5) / draws;
    const double chi =
        kPi * lambda * defocus * k * k - 0.5 * kPi * cs * std::pow(lambda, 3) * std::pow(k, 4) + radians(c.lens.phase_shift);
    mean += std::pow(std::sin(chi), 2) / draws;
  }
  const IceNoise ice{c.ice.thickness, c.exposure.dose, c.ice.water_motion};
  return 4 * mean * ice.power(k, microscope.beam) / (c.layout.pixel_size * c.layout.pixel_size);
}

// The spectrum of the noise in the images' own unit.
void write_noise(const std::string& path, const Microscope& microscope, const MicrographSimulationSummary& s,
                 double background_deviation) {
  const SimulationConfig& c = microscope.config;
  const double unit = c.extraction.normalisation == "raw" ? 1 : background_deviation;
  // Fourier cropping takes the mean over what falls together: white noise falls with the area.
  const double shrunk = double(c.particle_box()) / double(c.extraction.box), factor = shrunk * shrunk / (unit * unit);
  const double counts = s.electrons * c.detector.gain * (c.detector.kind == "counting" ? c.detector.dqe : 1);
  std::string text = "frequency,detector,ice\n";
  for (int64_t ring = 1; ring <= c.particle_box() / 2; ++ring) {
    const double k = double(ring) / (double(c.particle_box()) * c.particle_pixel_size()), q = k * c.layout.pixel_size;
    const double seen = counts * microscope.detector.before(q) * microscope.detector.after(q);
    text += formatted("{:.6g},{:.6g},{:.6g}\n", k, factor * microscope.detector.noise_power(q, s.electrons),
                      factor * seen * seen * ice_power(microscope, k));
  }
  write_file_atomically(path, text);
}

std::string summary_json(const MicrographSimulationSummary& s, double background_deviation) {
  nlohmann::ordered_json json;
  json["settings"] = nlohmann::ordered_json::parse(config_to_json(s.config));
  json["states"] = s.states;
  json["micrographs"] = s.micrographs;
  json["snr_box"] = s.snr_box;
  json["snr_disc"] = s.snr_disc;
  json["disc_radius_A"] = s.disc_radius;
  json["contrast_deviation"] = s.contrast_deviation;
  json["electrons_per_pixel"] = s.electrons;
  json["background_deviation_counts"] = background_deviation;
  json["amplitude_contrast"] = s.amplitude_contrast;
  json["specimen_integral_V_A3"] = s.specimen_integral;
  json["ctf_zeros_A"] = s.zeros;
  json["image_unit"] = s.config.extraction.normalisation == "raw" ? "counts" : "standard deviation of the background";
  json["contrast"] = s.config.extraction.invert && s.config.extraction.normalisation != "raw" ? "protein bright" : "protein dark";
  return json.dump(2) + "\n";
}

}  // namespace

double bytes_needed(const SimulationConfig& c) {
  const double box = double(c.particle_box()), size = double(c.layout.micrograph), particles = double(c.layout.particles);
  const double kept = c.output.micrographs == "none" ? 0 : c.output.micrographs == "noisy" ? 1 : 2;
  return particles * (4 * box * box + 400) + double(c.micrographs()) * kept * (4 * size * size + 1024) + 8e6;
}

MicrographSimulationSummary simulate_micrographs(const Structure& structure, TrajectoryReader& trajectory,
                                                 const std::vector<double>& weights, const SimulationConfig& asked,
                                                 const std::string& folder, bool resume) {
  asked.check();
  check_weights(weights, trajectory.size());
  MicrographSimulationSummary summary;
  SimulationConfig& config = summary.config = asked;
  AlignedStates states(structure, trajectory);
  const double radius = radius_about(structure, structure.centroid());
  check_box(structure, config, radius);
  if (!resume) {
    check_disk_room(folder, bytes_needed(config), "the data set", "Ask for fewer --particles, a smaller --box, or --micrographs none");
  }
  const DataSetPlan plan(config, states.size(), weights, radius);
  // Fails when there is no room, before work is done for it.
  for (int64_t m = 0; m < std::min<int64_t>(plan.micrographs(), 5000); ++m) plan.micrograph(m);
  const std::string identity = fingerprint(asked, states, weights);
  if (config.exposure.snr > 0) {
    log_info("Looking for the dose that gives a signal-to-noise ratio of {} in the box", config.exposure.snr);
    config.exposure.dose = solved_dose(config, structure, states, plan, radius);
  }

  const Microscope microscope(config, structure);
  ResumableStack stack(folder + "/particles.mrcs", config.layout.particles, config.particle_box(), config.particle_pixel_size(),
                       identity, resume);
  if (config.output.micrographs != "none") fs::create_directories(folder + "/micrographs");
  std::vector<int64_t> open;
  for (int64_t m = 0; m < plan.micrographs(); ++m) {
    if (size_t(m) >= stack.done().size() || stack.done()[size_t(m)].index < 0) open.push_back(m);
  }
  if (resume) log_info("{} of {} micrographs are done already", plan.micrographs() - int64_t(open.size()), plan.micrographs());
  const int threads = std::max(1, thread_count());
  std::vector<std::unique_ptr<MicrographRenderer>> renderers;
  for (int t = 0; t < threads; ++t)
    renderers.push_back(std::make_unique<MicrographRenderer>(microscope, last_specimen(microscope, states)));
  Progress progress("simulating", int64_t(open.size()), "micrographs");
  const int64_t run = 4 * threads;
  for (int64_t begin = 0; begin < int64_t(open.size()); begin += run) {
    const int64_t count = std::min(run, int64_t(open.size()) - begin);
    parallel_parts(count, std::min<int64_t>(threads, count), [&](int64_t part, int64_t first, int64_t last) {
      for (int64_t i = first; i < last && !stop_requested(); ++i) {
        const MicrographPlan one = plan.micrograph(open[size_t(begin + i)]);
        const Micrograph micrograph = renderers[size_t(part)]->render(one);
        const Extraction extraction = extract_all(micrograph, one, config, radius);
        for (size_t p = 0; p < one.particles.size(); ++p)
          stack.write_image(one.particles[p].row, extraction.particles[p].noisy.data());
        if (config.output.micrographs != "none") {
          const std::string path = folder + "/" + micrograph_name(one.index);
          write_micrograph(path, micrograph.noisy, micrograph.size, config.layout.pixel_size);
          if (config.output.micrographs == "all") {
            write_micrograph(path.substr(0, path.size() - 4) + "_clean.mrc", micrograph.clean, micrograph.size,
                             config.layout.pixel_size);
          }
        }
        stack.finish_micrograph(extraction.figures);
      }
    });
    if (stop_requested()) {
      throw Interrupted(formatted("stopped; the micrographs that are done are kept. The same command with --resume goes on"));
    }
    progress.advance(count);
  }
  progress.finish();

  double particles = 0, signal = 0, disc = 0, noise = 0, contrast = 0, electrons = 0, deviation = 0;
  for (const MicrographFigures& f : stack.done()) {
    particles += f.particles, signal += f.signal_box, disc += f.signal_disc, noise += f.noise, contrast += f.contrast;
    electrons += f.electrons / double(plan.micrographs()), deviation += f.background_deviation / double(plan.micrographs());
  }
  summary.micrographs = plan.micrographs();
  summary.states = states.size();
  summary.snr_box = signal / noise;
  summary.snr_disc = disc / noise;
  summary.disc_radius = radius;
  summary.contrast_deviation = std::sqrt(contrast / particles);
  summary.electrons = electrons;
  summary.specimen_integral = microscope.potential.integral();
  summary.amplitude_contrast = microscope.potential.amplitude_contrast(microscope.potential.specimen(states.base().data()));
  const double defocus = 0.5 * (config.lens.defocus_least + config.lens.defocus_most);
  for (const double k :
       ctf_zeros(config.lens, microscope.beam, defocus, summary.amplitude_contrast, 0.5 / config.layout.pixel_size)) {
    summary.zeros.push_back(1 / k);
  }
  summary.example = example_of(microscope, states, plan, radius, summary.amplitude_contrast);
  // The stack gets its name last, so that what can still fail leaves a run that can be resumed.
  write_star(folder + "/particles.star", star_file(config, plan, summary.amplitude_contrast, false));
  write_star(folder + "/truth.star", star_file(config, plan, summary.amplitude_contrast, true));
  write_noise(folder + "/noise.csv", microscope, summary, deviation);
  write_file_atomically(folder + "/simulation.json", summary_json(summary, deviation));
  stack.commit();
  return summary;
}

}  // namespace cryomer
