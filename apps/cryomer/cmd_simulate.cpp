#include <algorithm>
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
#include "cryomer/simulation/gaussian_images.h"
#include "cryomer/simulation/motion.h"

namespace cryomer {

namespace {

struct Simulate {
  CommonOptions common;
  std::string structure, ensemble, topology, weights, out, preset = "gaussian", defocus = "5000", motion;
  double motion_amplitude = 4.0;
  int motion_states = 500;
  bool overwrite = false;
  GaussianImages images;

  void run();
};

void parse_defocus(const std::string& text, GaussianImages& images) {
  const std::vector<std::string> parts = split(text, ':');
  const auto least = parse_double(parts[0]), most = parse_double(parts.back());
  if (parts.size() > 2 || !least || !most) fail_usage("--defocus {}: expected A, one value or a range such as 5000:20000", text);
  images.defocus_least = *least;
  images.defocus_most = *most;
}

void Simulate::run() {
  common.apply();
  images.seed = common.seed;
  parse_defocus(defocus, images);
  images.check();
  if (preset != "gaussian") {
    fail_usage("--preset {}: unknown.{} Known: gaussian", preset, did_you_mean(preset, {"gaussian"}));
  }
  if (ensemble.empty() == motion.empty()) {
    fail_usage("give either --ensemble (a trajectory) or --motion (unimodal, bimodal or continuous)");
  }
  if (!motion.empty() && !weights.empty()) fail_usage("--weights are for the states of --ensemble, not for --motion");
  const Motion movement{motion.empty() ? MotionKind::continuous : motion_kind_from_name(motion), motion_amplitude, motion_states};
  const Structure base = read_structure(structure);
  check_fits_box(base, base.centroid(), images.box, images.pixel_size);
  std::unique_ptr<TrajectoryReader> states;
  if (!ensemble.empty()) states = open_trajectory(ensemble, base, topology);
  const std::vector<double> state_weights =
      weights.empty() ? std::vector<double>() : read_weights(weights, states->size(), ensemble);
  OutputFolder folder(out, overwrite, false);
  if (!motion.empty()) {
    const Ensemble moved = moved_ensemble(base, movement, uint64_t(common.seed));
    write_ensemble(out + "/states.dcd", base, moved);
    log_info("Made {} states along the softest normal modes: {}/states.dcd", moved.size(), out);
    states = open_trajectory(out + "/states.dcd", base);
  }
  const SimulationSummary summary = simulate_gaussian_images(base, *states, state_weights, images, out);
  folder.keep();
  log_info("{} particles of {} states: signal {:.3g}, noise {:.3g} (standard deviation per pixel); SNR {:.3g} in the box, "
           "{:.3g} in a disc of {:.0f} A radius",
           images.particles, states->size(), summary.signal_deviation, summary.noise_deviation, summary.snr,
           summary.snr_disc, summary.disc_radius);
  log_info("Wrote {0}/particles.star and .mrcs (what a microscope gives), {0}/truth.star (with poses and states)", out);
  if (!common.json.empty()) write_file_atomically(common.json, read_file(out + "/simulation.json"));
}

}  // namespace

void add_simulate(CLI::App& program) {
  CLI::App* command = program.add_subcommand("simulate", "Make particle images with known truth from an ensemble of structures");
  auto s = std::make_shared<Simulate>();
  command->add_option("--structure", s->structure, "Base structure, PDB or mmCIF (may be gzipped)")->required();
  command->add_option("--ensemble", s->ensemble, "Trajectory of the states: DCD, multi-model PDB or mmCIF");
  command->add_option("--topology", s->topology, "Atoms of a DCD, when they are not those of the structure");
  command->add_option("--weights", s->weights, "Text file, one weight per state");
  command->add_option("--out", s->out, "Folder for the result")->required();
  command->add_flag("--overwrite", s->overwrite, "Write into a folder that is not empty");
  command->add_option("--preset", s->preset, "Simulator: gaussian")->capture_default_str();
  command->add_option("--particles", s->images.particles, "Number of images")->capture_default_str();
  command->add_option("--box", s->images.box, "Image size, pixels, even")->capture_default_str();
  command->add_option("--pixel-size", s->images.pixel_size, "A")->capture_default_str();
  command->add_option("--voltage", s->images.voltage, "kV")->capture_default_str();
  command->add_option("--cs", s->images.spherical_aberration, "Spherical aberration, mm")->capture_default_str();
  command->add_option("--amplitude-contrast", s->images.amplitude_contrast, "Fraction")->capture_default_str();
  command->add_option("--defocus", s->defocus, "A, underfocus positive: one value or a range such as 5000:20000")->capture_default_str();
  command->add_option("--snr", s->images.snr, "Variance of signal over variance of noise, in the box")->capture_default_str();
  command->add_option("--shift-sigma", s->images.shift_sigma, "Standard deviation of the shift along each axis, A")->capture_default_str();
  command->add_option("--atom-width", s->images.atom_width, "Standard deviation of an atom's blob, A")->capture_default_str();
  command->add_option("--motion", s->motion, "Instead of --ensemble: states along the normal modes (unimodal, bimodal, continuous)");
  command->add_option("--motion-amplitude", s->motion_amplitude, "A RMSD along the softest mode")->capture_default_str();
  command->add_option("--motion-states", s->motion_states, "Number of states")->capture_default_str();
  s->common.add(*command, true);
  command->callback([s] { s->run(); });
}

}  // namespace cryomer
