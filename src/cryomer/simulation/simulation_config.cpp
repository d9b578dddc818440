#include "cryomer/simulation/simulation_config.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"

namespace cryomer {

void SpecimenConfig::visit(ConfigVisitor& v) {
  v.field("b_factor", b_factor, "A^2, of all atoms");
  v.field("file_b_factors", file_b_factors, "add those of the structure's file");
  v.field("potential_scale", potential_scale, "factor on the potential of isolated atoms");
  v.field("hydrogens", hydrogens, "absorbed (in their parents) or none");
  v.field("absorption", absorption, "inelastic (from mean free paths), fraction (of the potential) or none");
  v.field("amplitude_contrast", amplitude_contrast, "the fraction");
  v.field("inelastic_path", inelastic_path, "A, mean free path in protein");
}

void SolventConfig::visit(ConfigVisitor& v) {
  v.field("model", model, "none (vacuum), clamp (as TEM-simulator), continuum or explicit (random waters)");
  v.field("potential", potential, "V, of the ice");
  v.field("radius", radius, "A from a heavy atom's centre to the continuum");
  v.field("softness", softness, "A, standard deviation of that edge");
  v.field("voxel", voxel, "A; clamp also widens atoms to B = 200 voxel^2");
  v.field("water_density", water_density, "g/cm^3, of explicit waters");
}

void IceConfig::visit(ConfigVisitor& v) {
  v.field("thickness", thickness, "A");
  v.field("depth", depth, "of the particles: centre, uniform or surface");
  v.field("scattering", scattering, "none, filter (inelastic electrons are lost) or plural (as TEM-simulator)");
  v.field("inelastic_path", inelastic_path, "A, mean free path in ice, with filter");
  v.field("number_density", number_density, "water molecules per A^3, with plural");
  v.field("structure_noise", structure_noise, "granularity of the ice");
  v.field("water_motion", water_motion, "A^2 per e/A^2, by which the beam moves water");
}

void LensConfig::visit(ConfigVisitor& v) {
  v.field("voltage", voltage, "kV");
  v.field("spherical_aberration", spherical_aberration, "mm");
  v.field("chromatic_aberration", chromatic_aberration, "mm");
  v.field("energy_spread", energy_spread, "eV, 1/e half width");
  v.field("illumination_angle", illumination_angle, "mrad, 1/e half angle");
  v.field("aperture", aperture, "um, diameter; 0: none");
  v.field("focal_length", focal_length, "mm");
  v.field("defocus_least", defocus_least, "A, underfocus positive");
  v.field("defocus_most", defocus_most, "A");
  v.field("astigmatism", astigmatism, "A, standard deviation of half the difference of U and V");
  v.field("phase_shift", phase_shift, "degrees, of a phase plate");
  v.field("propagation", propagation, "weak-phase, phase-grating or multislice");
  v.field("slice", slice, "A, of multislice");
  v.field("oversampling", oversampling, "of the exit wave over the detector's pixels");
}

void ExposureConfig::visit(ConfigVisitor& v) {
  v.field("dose", dose, "e/A^2 for each image");
  v.field("snr", snr, "solve the dose for this ratio of variances in the box; 0: the dose counts");
  v.field("damage", damage, "the signal fades with exposure");
  v.field("frames", frames, "over which it fades and drifts");
  v.field("drift", drift, "A, standard deviation of what is left of drift, per frame and axis");
}

void DetectorConfig::visit(ConfigVisitor& v) {
  v.field("kind", kind, "counting (white noise) or integrating (noise follows the MTF)");
  v.field("dqe", dqe, "detective quantum efficiency at zero frequency");
  v.field("mtf", mtf, "ideal, pixel, k2, falcon4, falcon3, falcon2, de20, tem-simulator, or a RELION MTF file");
  v.field("gain", gain, "counts per electron");
  v.field("readout", readout, "counts, standard deviation per pixel");
  v.field("dark", dark, "electrons per pixel");
}

void LayoutConfig::visit(ConfigVisitor& v) {
  v.field("particles", particles, "number of images");
  v.field("per_micrograph", per_micrograph, "particles on each micrograph");
  v.field("micrograph", micrograph, "size of a micrograph, pixels");
  v.field("pixel_size", pixel_size, "A");
  v.field("placement", placement, "random, grid or clustered; never overlapping");
  v.field("min_distance", min_distance, "A between centres; 0: the particle's diameter and 10 A");
  v.field("states", states, "on each micrograph: one or different");
}

void ExtractionConfig::visit(ConfigVisitor& v) {
  v.field("box", box, "pixels, even");
  v.field("downsample", downsample, "box after Fourier cropping, pixels; 0: none");
  v.field("shift_sigma", shift_sigma, "A, error of the picked position along each axis");
  v.field("normalisation", normalisation, "raw (counts), sigma (of the micrograph's background) or relion (each box by its own)");
  v.field("background_radius", background_radius, "pixels, with relion; 0: as large as the box allows");
  v.field("invert", invert, "protein bright");
}

void OutputConfig::visit(ConfigVisitor& v) {
  v.field("micrographs", micrographs, "to write: none, noisy or all (with the noise-free ones)");
}

void SimulationConfig::visit(ConfigVisitor& v) {
  v.group("specimen", specimen);
  v.group("solvent", solvent);
  v.group("ice", ice);
  v.group("lens", lens);
  v.group("exposure", exposure);
  v.group("detector", detector);
  v.group("layout", layout);
  v.group("extraction", extraction);
  v.group("output", output);
  v.field("seed", seed, "of all random draws");
}

double SimulationConfig::particle_pixel_size() const {
  return layout.pixel_size * double(extraction.box) / double(particle_box());
}

void SimulationConfig::check() const {
  // Written so that a value that is not a number fails, too.
  auto between = [](const char* name, double value, double least, double most, const char* unit) {
    if (!(value >= least && value <= most)) fail_usage("{} is {}: expected {} to {}{}", name, value, least, most, unit);
  };
  auto one_of = [](const char* name, const std::string& value, const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), value) == known.end()) {
      fail_usage("{} is {}: unknown.{} Known: {}", name, value, did_you_mean(value, known), join(known, ", "));
    }
  };
  between("specimen.b_factor", specimen.b_factor, 0, 2000, " A^2");
  between("specimen.potential_scale", specimen.potential_scale, 0, 10, "");
  one_of("specimen.hydrogens", specimen.hydrogens, {"absorbed", "none"});
  one_of("specimen.absorption", specimen.absorption, {"inelastic", "fraction", "none"});
  between("specimen.amplitude_contrast", specimen.amplitude_contrast, 0, 0.99, ", a fraction");
  between("specimen.inelastic_path", specimen.inelastic_path, 10, 1e6, " A");
  one_of("solvent.model", solvent.model, {"none", "clamp", "continuum", "explicit"});
  between("solvent.potential", solvent.potential, 0, 100, " V, such as 4.53");
  between("solvent.radius", solvent.radius, 0.5, 6, " A");
  between("solvent.softness", solvent.softness, 0, 3, " A");
  between("solvent.voxel", solvent.voxel, 0.2, 2, " A");
  between("solvent.water_density", solvent.water_density, 0, 2, " g/cm^3");
  between("ice.thickness", ice.thickness, 0, 20000, " A");
  one_of("ice.depth", ice.depth, {"centre", "uniform", "surface"});
  one_of("ice.scattering", ice.scattering, {"none", "filter", "plural"});
  between("ice.inelastic_path", ice.inelastic_path, 10, 1e6, " A");
  between("ice.number_density", ice.number_density, 0, 0.1, " per A^3");
  between("ice.water_motion", ice.water_motion, 0, 1e4, " A^2 per e/A^2");
  between("lens.voltage (--voltage)", lens.voltage, 20, 2000, " kV, such as 300");
  between("lens.spherical_aberration (--cs)", lens.spherical_aberration, 0, 20, " mm, such as 2.7");
  between("lens.chromatic_aberration", lens.chromatic_aberration, 0, 20, " mm");
  between("lens.energy_spread", lens.energy_spread, 0, 100, " eV");
  between("lens.illumination_angle", lens.illumination_angle, 0, 10, " mrad");
  between("lens.aperture", lens.aperture, 0, 1e4, " um");
  between("lens.focal_length", lens.focal_length, 0.1, 100, " mm");
  if (!(std::abs(lens.defocus_least) <= 1e6 && std::abs(lens.defocus_most) <= 1e6 && lens.defocus_least <= lens.defocus_most)) {
    fail_usage("lens.defocus (--defocus) is {}:{}: expected A (underfocus positive), the smaller first, e.g. 5000:20000",
               lens.defocus_least, lens.defocus_most);
  }
  between("lens.astigmatism", lens.astigmatism, 0, 1e5, " A");
  between("lens.phase_shift", lens.phase_shift, -360, 360, " degrees");
  one_of("lens.propagation", lens.propagation, {"weak-phase", "phase-grating", "multislice"});
  between("lens.slice", lens.slice, 0.5, 1000, " A");
  between("lens.oversampling", double(lens.oversampling), 1, 8, "");
  between("exposure.dose (--dose)", exposure.dose, 0.01, 1e6, " e/A^2, such as 50");
  if (exposure.snr != 0) between("exposure.snr (--snr)", exposure.snr, 1e-6, 1e4, " (variance of signal over variance of noise)");
  between("exposure.frames", double(exposure.frames), 1, 10000, "");
  between("exposure.drift", exposure.drift, 0, 100, " A");
  one_of("detector.kind", detector.kind, {"counting", "integrating"});
  between("detector.dqe (--dqe)", detector.dqe, 0.01, 1, ", a fraction");
  between("detector.gain", detector.gain, 1e-6, 1e6, " counts per electron");
  between("detector.readout", detector.readout, 0, 1e6, " counts");
  between("detector.dark", detector.dark, 0, 1e6, " electrons");
  between("layout.particles (--particles)", double(layout.particles), 1, 1e8, "");
  between("layout.per_micrograph (--particles-per-micrograph)", double(layout.per_micrograph), 1, 1e5, "");
  between("layout.micrograph (--micrograph-size)", double(layout.micrograph), 32, 16384, " pixels");
  if (layout.micrograph % 2 != 0)
    fail_usage("layout.micrograph (--micrograph-size) is {}: expected an even number of pixels", layout.micrograph);
  between("layout.pixel_size (--pixel-size)", layout.pixel_size, 0.05, 20, " A");
  one_of("layout.placement (--placement)", layout.placement, {"random", "grid", "clustered"});
  between("layout.min_distance (--min-dist)", layout.min_distance, 0, 1e5, " A");
  one_of("layout.states (--states-per-micrograph)", layout.states, {"one", "different"});
  if (extraction.box < 8 || extraction.box > layout.micrograph || extraction.box % 2 != 0) {
    fail_usage("extraction.box (--box) is {}: expected an even number of pixels, 8 to the micrograph's {}", extraction.box,
               layout.micrograph);
  }
  if (extraction.downsample != 0 &&
      (extraction.downsample < 8 || extraction.downsample > extraction.box || extraction.downsample % 2 != 0)) {
    fail_usage("extraction.downsample (--downsample) is {}: expected 0 or an even number of pixels, 8 to the box's {}",
               extraction.downsample, extraction.box);
  }
  between("extraction.shift_sigma (--shift-sigma)", extraction.shift_sigma, 0, 0.25 * double(extraction.box) * layout.pixel_size,
          " A (a quarter of the box)");
  one_of("extraction.normalisation", extraction.normalisation, {"raw", "sigma", "relion"});
  between("extraction.background_radius", extraction.background_radius, 0, 0.5 * double(extraction.box), " pixels (half the box)");
  one_of("output.micrographs (--micrographs)", output.micrographs, {"none", "noisy", "all"});
}

const std::vector<std::string>& simulation_presets() {
  static const std::vector<std::string> names = {"seed", "seed-physical", "krios-realistic"};
  return names;
}

std::string describe_preset(const std::string& name) {
  if (name == "gaussian") return "Gaussian atoms, exact linear CTF, white noise; no micrographs";
  if (name == "seed") {
    return "the data of Rosenbaum et al. 2021, figure 4a, as TEM-simulator makes them: clamped solvent on a 1 A grid, 500 A of "
           "ice, "
           "1000 e/A^2 (a device to emulate a larger particle, without damage), its example detector";
  }
  if (name == "seed-physical") {
    return "the same experiment with the physics that is known: continuum solvent, particles at all depths of 300 A of ice, "
           "inelastic "
           "absorption, a counting camera; still 1000 e/A^2 without damage";
  }
  if (name == "krios-realistic") {
    return "a good microscope today: 50 e/A^2 in 40 frames with damage and drift, 0.5 to 2 um underfocus with astigmatism, "
           "granular ice, "
           "a counting camera";
  }
  fail_usage("--preset {}: unknown.{} Known: gaussian, {}", name,
             did_you_mean(name, {"gaussian", "seed", "seed-physical", "krios-realistic"}), join(simulation_presets(), ", "));
}

SimulationConfig simulation_preset(const std::string& name) {
  describe_preset(name);  // fails on an unknown one
  SimulationConfig c;     // the defaults are seed-physical
  if (name == "seed") {
    c.specimen.b_factor = 0;
    c.specimen.absorption = "fraction";
    c.solvent.model = "clamp";
    c.solvent.potential = 4.877;
    c.ice.thickness = 500;
    c.ice.depth = "centre";
    c.ice.scattering = "plural";
    c.lens.chromatic_aberration = 2.1;
    c.lens.energy_spread = 1.3;
    c.lens.illumination_angle = 0.1;
    c.lens.aperture = 50;
    c.lens.focal_length = 3;
    c.lens.oversampling = 1;
    c.detector.kind = "integrating";
    c.detector.dqe = 0.4;
    c.detector.mtf = "tem-simulator";
    c.detector.gain = 10;
  }
  if (name == "krios-realistic") {
    c.lens.spherical_aberration = 2.7;
    c.lens.defocus_most = 20000;
    c.lens.astigmatism = 150;
    c.ice.structure_noise = true;
    c.exposure.dose = 50;
    c.exposure.damage = true;
    c.exposure.drift = 0.3;
    c.layout.states = "different";
    // 2 um of defocus carries detail of 10 A by 40 A: larger boxes, and neighbours that stay out of them.
    c.extraction.box = 160;
    c.layout.micrograph = 1024;
    c.layout.per_micrograph = 20;
    c.layout.min_distance = 160;
  }
  return c;
}

}  // namespace cryomer
