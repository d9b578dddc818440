#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

#include "command.h"
#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/text.h"
#include "cryomer/data/box_fit.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/io/weights.h"
#include "cryomer/optics/optics_group.h"
#include "cryomer/simulation/gaussian_images.h"
#include "cryomer/simulation/micrograph_simulation.h"
#include "cryomer/simulation/modulation_transfer.h"
#include "cryomer/simulation/motion.h"
#include "simulation_page.h"

namespace cryomer {

namespace {

struct Simulate {
  CommonOptions common;
  const CLI::App* command = nullptr;
  std::string structure, ensemble, topology, weights, out, preset = "gaussian", defocus = "5000", motion, config_file;
  std::string states_per_micrograph, placement, mtf, detector, solvent, propagation, micrographs;
  double motion_amplitude = 4.0, dose = 0, min_distance = 0, dqe = 0, ice = 0, b_factor = 0;
  int motion_states = 500;
  int64_t micrograph_size = 0, per_micrograph = 0, downsample = 0;
  bool overwrite = false, resume = false;
  std::vector<std::string> set;
  GaussianImages images;

  void run();

 private:
  bool given(const char* flag) const { return command->count(flag) > 0; }
  SimulationConfig resolve() const;
  void run_gaussian(const Structure& base, TrajectoryReader& states, const std::vector<double>& state_weights);
  void run_microscope(const SimulationConfig& config, const Structure& base, TrajectoryReader& states,
                      const std::vector<double>& state_weights);
};

struct Range {
  double least, most;
};
Range parse_defocus(const std::string& text) {
  const std::vector<std::string> parts = split(text, ':');
  const auto least = parse_double(parts[0]), most = parse_double(parts.back());
  if (parts.size() > 2 || !least || !most) fail_usage("--defocus {}: expected A, one value or a range such as 5000:20000", text);
  if (const double largest = std::max(std::abs(*least), std::abs(*most)); largest > 0 && largest < kLeastDefocus) {
    log_warning("--defocus {}: less than {:g} A. Is it meant in micrometres? 1 um is 10000", text, kLeastDefocus);
  }
  return {*least, *most};
}

// The preset, then --config, then --set, then the flags of their own.
SimulationConfig Simulate::resolve() const {
  SimulationConfig c = simulation_preset(preset);
  if (!config_file.empty()) config_from_json(c, read_file(config_file), config_file);
  for (const std::string& assignment : set) config_set(c, assignment);
  if (given("--seed")) c.seed = common.seed;
  if (given("--particles")) c.layout.particles = images.particles;
  if (given("--box")) c.extraction.box = images.box;
  if (given("--pixel-size")) c.layout.pixel_size = images.pixel_size;
  if (given("--voltage")) c.lens.voltage = images.voltage;
  if (given("--cs")) c.lens.spherical_aberration = images.spherical_aberration;
  if (given("--amplitude-contrast")) {
    c.specimen.amplitude_contrast = images.amplitude_contrast;
    c.specimen.absorption = "fraction";
  }
  if (given("--defocus")) {
    const Range range = parse_defocus(defocus);
    c.lens.defocus_least = range.least, c.lens.defocus_most = range.most;
  }
  if (given("--snr") && given("--dose")) fail_usage("--snr solves for the dose and --dose gives it: say one of them");
  if (given("--snr")) c.exposure.snr = images.snr;
  if (given("--dose")) c.exposure.dose = dose, c.exposure.snr = 0;
  if (given("--shift-sigma")) c.extraction.shift_sigma = images.shift_sigma;
  if (given("--micrograph-size")) c.layout.micrograph = micrograph_size;
  if (given("--particles-per-micrograph")) c.layout.per_micrograph = per_micrograph;
  if (given("--states-per-micrograph")) {
    if (states_per_micrograph != "1" && states_per_micrograph != "all-different") {
      fail_usage("--states-per-micrograph {}: expected 1 or all-different", states_per_micrograph);
    }
    c.layout.states = states_per_micrograph == "1" ? "one" : "different";
  }
  if (given("--placement")) c.layout.placement = placement;
  if (given("--min-dist")) c.layout.min_distance = min_distance;
  if (given("--mtf")) c.detector.mtf = mtf;
  if (given("--dqe")) c.detector.dqe = dqe;
  if (given("--detector")) c.detector.kind = detector;
  if (given("--solvent")) c.solvent.model = solvent;
  if (given("--ice")) c.ice.thickness = ice;
  if (given("--b-factor")) c.specimen.b_factor = b_factor;
  if (given("--propagation")) c.lens.propagation = propagation;
  if (given("--downsample")) c.extraction.downsample = downsample;
  if (given("--micrographs")) c.output.micrographs = micrographs;
  if (given("--atom-width")) fail_usage("--atom-width is for --preset gaussian; here atoms have scattering factors and --b-factor");
  c.check();
  return c;
}

void Simulate::run_gaussian(const Structure& base, TrajectoryReader& states, const std::vector<double>& state_weights) {
  const SimulationSummary summary = simulate_gaussian_images(base, states, state_weights, images, out);
  log_info(
      "{} particles of {} states: signal {:.3g}, noise {:.3g} (standard deviation per pixel); SNR {:.3g} in the box, "
      "{:.3g} in a disc of {:.0f} A radius",
      images.particles, states.size(), summary.signal_deviation, summary.noise_deviation, summary.snr, summary.snr_disc,
      summary.disc_radius);
}

void Simulate::run_microscope(const SimulationConfig& config, const Structure& base, TrajectoryReader& states,
                              const std::vector<double>& state_weights) {
  log_info("Preset {}: {}", preset, describe_preset(preset));
  log_debug("{}", config_to_json(config));
  const MicrographSimulationSummary s = simulate_micrographs(base, states, state_weights, config, out, resume);
  write_file_atomically(out + "/report.html", simulation_page(s, preset, command_line));
  log_info(
      "{} particles of {} states on {} micrographs: {:.4g} e/A^2, {:.4g} electrons a pixel; the signal deviates by {:.3g} of the "
      "background; SNR {:.3g} in the box, {:.3g} in a disc of {:.0f} A radius",
      s.config.layout.particles, s.states, s.micrographs, s.config.exposure.dose, s.electrons, s.contrast_deviation, s.snr_box,
      s.snr_disc, s.disc_radius);
  std::string zeros;
  for (size_t i = 0; i < std::min<size_t>(s.zeros.size(), 6); ++i) zeros += formatted("{}{:.2f}", i ? ", " : "", s.zeros[i]);
  log_info("The CTF vanishes at {} A; amplitude contrast {:.3g}", zeros, s.amplitude_contrast);
}

void Simulate::run() {
  common.apply();
  const bool gaussian = preset == "gaussian";
  if (gaussian) {
    images.seed = common.seed;
    const Range range = parse_defocus(defocus);
    images.defocus_least = range.least, images.defocus_most = range.most;
    for (const char* flag : {"--dose", "--micrograph-size", "--particles-per-micrograph", "--states-per-micrograph", "--placement",
                             "--min-dist", "--mtf", "--dqe", "--detector", "--solvent", "--ice", "--b-factor", "--propagation",
                             "--downsample", "--micrographs", "--config", "--resume"}) {
      if (given(flag))
        fail_usage("{} is for the presets with a microscope, not for --preset gaussian: {}", flag,
                   join(simulation_presets(), ", "));
    }
    for (const std::string& assignment : set) config_set(images, assignment);
    images.check();
  }
  const SimulationConfig config = gaussian ? SimulationConfig() : resolve();
  if (!gaussian) ModulationTransfer check(config.detector.mtf);
  if (ensemble.empty() == motion.empty()) {
    fail_usage("give either --ensemble (a trajectory) or --motion (unimodal, bimodal or continuous)");
  }
  if (!motion.empty() && !weights.empty()) fail_usage("--weights are for the states of --ensemble, not for --motion");
  if (resume && overwrite) fail_usage("--resume continues a run and --overwrite starts it anew: give one of them");
  const Motion movement{motion.empty() ? MotionKind::continuous : motion_kind_from_name(motion), motion_amplitude, motion_states};
  const Structure base = read_structure(structure);
  if (gaussian) check_fits_box(base, base.centroid(), images.box, images.pixel_size);
  std::unique_ptr<TrajectoryReader> states;
  if (!ensemble.empty()) states = open_trajectory(ensemble, base, topology);
  const std::vector<double> state_weights =
      weights.empty() ? std::vector<double>() : read_weights(weights, states->size(), ensemble);
  OutputFolder folder(out, overwrite, resume);
  if (!motion.empty()) {
    if (!resume) {
      const Ensemble moved = moved_ensemble(base, movement, uint64_t(common.seed));
      write_ensemble(out + "/states.dcd", base, moved);
      log_info("Made {} states along the softest normal modes: {}/states.dcd", moved.size(), out);
    }
    states = open_trajectory(out + "/states.dcd", base);
  }
  if (gaussian) {
    run_gaussian(base, *states, state_weights);
  } else {
    try {
      run_microscope(config, base, *states, state_weights);
    } catch (...) {
      // What is done is kept for --resume.
      if (std::filesystem::exists(out + "/particles.mrcs.journal")) folder.keep();
      throw;
    }
  }
  folder.keep();
  log_info("Wrote {0}/particles.star and .mrcs (what a microscope gives), {0}/truth.star (with poses and states){1}", out,
           gaussian ? "" : formatted(", {}/report.html", out));
  if (!common.json.empty()) write_file_atomically(common.json, read_file(out + "/simulation.json"));
}

void print_presets() {
  for (const std::string& name : simulation_presets()) {
    SimulationConfig config = simulation_preset(name);
    std::printf("--preset %s: %s\n\n%s\n", name.c_str(), describe_preset(name).c_str(), config_help(config).c_str());
  }
  std::printf("--preset gaussian: %s\n\n%s", describe_preset("gaussian").c_str(), config_help(GaussianImages()).c_str());
}

}  // namespace

void add_simulate(CLI::App& program) {
  CLI::App* command = program.add_subcommand("simulate", "Make particle images with known truth from an ensemble of structures");
  auto s = std::make_shared<Simulate>();
  s->command = command;
  command->add_option("--structure", s->structure, "Base structure, PDB or mmCIF (may be gzipped)")->required();
  command->add_option("--ensemble", s->ensemble, "Trajectory of the states: DCD, multi-model PDB or mmCIF");
  command->add_option("--topology", s->topology, "Atoms of a DCD, when they are not those of the structure");
  command->add_option("--weights", s->weights, "Text file, one weight per state");
  command->add_option("--out", s->out, "Folder for the result")->required();
  command->add_flag("--overwrite", s->overwrite, "Write into a folder that is not empty");
  command->add_flag("--resume", s->resume, "Go on with an interrupted run (not gaussian)");
  command->add_option("--preset", s->preset, "gaussian, seed, seed-physical or krios-realistic; see --help-presets")
      ->capture_default_str();
  command->add_flag_callback(
      "--help-presets",
      [] {
        print_presets();
        throw CLI::Success();
      },
      "List all presets with all their settings");
  command->add_option("--set", s->set, "One setting of the preset as key=value; may be repeated");
  command->add_option("--config", s->config_file, "Settings as JSON; --set and flags win over it");
  const std::string own = " (other presets: their own)";
  command->add_option("--particles", s->images.particles, "Number of images" + own)->capture_default_str();
  command->add_option("--box", s->images.box, "Image size, pixels, even" + own)->capture_default_str();
  command->add_option("--pixel-size", s->images.pixel_size, "A" + own)->capture_default_str();
  command->add_option("--voltage", s->images.voltage, "kV" + own)->capture_default_str();
  command->add_option("--cs", s->images.spherical_aberration, "Spherical aberration, mm" + own)->capture_default_str();
  command->add_option("--amplitude-contrast", s->images.amplitude_contrast, "Fraction" + own)->capture_default_str();
  command->add_option("--defocus", s->defocus, "A, underfocus positive: one value or a range such as 5000:20000" + own)
      ->capture_default_str();
  command
      ->add_option("--snr", s->images.snr,
                   "Variance of signal over variance of noise, in the box; other presets solve for the dose")
      ->capture_default_str();
  command->add_option("--dose", s->dose, "e/A^2 for each image; not gaussian");
  command->add_option("--shift-sigma", s->images.shift_sigma, "Standard deviation of the shift along each axis, A")
      ->capture_default_str();
  command->add_option("--atom-width", s->images.atom_width, "Standard deviation of an atom's blob, A; gaussian only")
      ->capture_default_str();
  const char* const microscope = "Microscope";
  command->add_option("--micrograph-size", s->micrograph_size, "Pixels")->group(microscope);
  command->add_option("--particles-per-micrograph", s->per_micrograph, "Particles on each")->group(microscope);
  command->add_option("--states-per-micrograph", s->states_per_micrograph, "1 (as in the paper) or all-different")
      ->group(microscope);
  command->add_option("--placement", s->placement, "random, grid or clustered")->group(microscope);
  command->add_option("--min-dist", s->min_distance, "Between centres, A; 0: the particle's diameter and 10 A")->group(microscope);
  command->add_option("--ice", s->ice, "Thickness of the ice, A")->group(microscope);
  command->add_option("--solvent", s->solvent, "none, clamp, continuum or explicit")->group(microscope);
  command->add_option("--b-factor", s->b_factor, "Of all atoms, A^2")->group(microscope);
  command->add_option("--propagation", s->propagation, "weak-phase, phase-grating or multislice")->group(microscope);
  command->add_option("--detector", s->detector, "counting or integrating")->group(microscope);
  command->add_option("--dqe", s->dqe, "At zero frequency, fraction")->group(microscope);
  command->add_option("--mtf", s->mtf, "A known detector or a RELION MTF file; see --help-presets")->group(microscope);
  command->add_option("--downsample", s->downsample, "Box after Fourier cropping, pixels")->group(microscope);
  command->add_option("--micrographs", s->micrographs, "Write them: none, noisy or all")->group(microscope);
  command->add_option("--motion", s->motion,
                      "Instead of --ensemble: states along the normal modes (unimodal, bimodal, continuous)");
  command->add_option("--motion-amplitude", s->motion_amplitude, "A RMSD along the softest mode")->capture_default_str();
  command->add_option("--motion-states", s->motion_states, "Number of states")->capture_default_str();
  s->common.add(*command, true);
  command->callback([s] { s->run(); });
}

}  // namespace cryomer
