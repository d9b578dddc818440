// Everything that decides a simulated data set of the microscope, and the presets: named sets of these values, each of which can
// be replaced one by one. Lengths in A unless said otherwise.
#pragma once

#include <string>
#include <vector>

#include "cryomer/base/config.h"

namespace cryomer {

struct SpecimenConfig {
  double b_factor = 60;                  // A^2, of all atoms: motion within a state, and what else blurs
  bool file_b_factors = false;           // those of the structure's file on top of it
  double potential_scale = 1;            // of isolated atoms; bonds lower it by about a tenth
  std::string hydrogens = "absorbed";    // absorbed (in their parents), none
  std::string absorption = "inelastic";  // inelastic, fraction (of the potential), none
  double amplitude_contrast = 0.06;      // with absorption=fraction; else only what the files say when there is no structure for it
  double inelastic_path = 1970;          // mean free path in protein at 300 kV
  void visit(ConfigVisitor& v);
};

struct SolventConfig {
  std::string model = "continuum";  // none, clamp, continuum, explicit
  double potential = 4.53;          // V
  double radius = 2.2;              // continuum: water begins so far from a heavy atom's centre
  double softness = 0.5;            // continuum: standard deviation of that edge
  double voxel = 1;                 // of the grid on which solvent is found; for clamp it also widens the atoms
  double water_density = 0.93;      // explicit: g/cm^3
  void visit(ConfigVisitor& v);
};

struct IceConfig {
  double thickness = 300;
  std::string depth = "uniform";  // of particles: centre, uniform, surface
  std::string scattering =
      "filter";                    // none; filter: inelastic electrons are gone; plural: TEM-simulator's model, blurs them back in
  double inelastic_path = 3950;    // mean free path in ice at 300 kV, for scattering=filter
  double number_density = 0.0335;  // water molecules per A^3, for scattering=plural
  bool structure_noise = false;    // granularity of the ice
  double water_motion = 34;        // A^2 per e/A^2 by which the beam moves water; averages the granularity
  void visit(ConfigVisitor& v);
};

struct LensConfig {
  double voltage = 300;                              // kV
  double spherical_aberration = 2.1;                 // mm
  double chromatic_aberration = 2.7;                 // mm
  double energy_spread = 0.8;                        // eV, 1/e half width
  double illumination_angle = 0.02;                  // mrad, 1/e half angle
  double aperture = 100;                             // um, diameter; 0: none
  double focal_length = 3.5;                         // mm
  double defocus_least = 5000, defocus_most = 5000;  // underfocus, drawn evenly for each micrograph
  double astigmatism = 0;                            // standard deviation of (U - V) / 2
  double phase_shift = 0;                            // degrees, of a phase plate
  std::string propagation = "phase-grating";         // weak-phase, phase-grating, multislice
  double slice = 8;                                  // multislice
  int64_t oversampling = 2;                          // of the exit wave over the detector's pixels
  void visit(ConfigVisitor& v);
};

struct ExposureConfig {
  double dose = 1000;   // e/A^2
  double snr = 0;       // 0: the dose counts; else the dose is solved for this ratio in the box
  bool damage = false;  // signal fades with exposure (Grant & Grigorieff 2015)
  int64_t frames = 40;  // over which it fades and drifts
  double drift = 0;     // standard deviation of what is left of drift, per frame and axis
  void visit(ConfigVisitor& v);
};

struct DetectorConfig {
  std::string kind = "counting";  // counting, integrating
  double dqe = 0.85;              // at zero frequency
  std::string mtf = "k2";         // ideal, pixel, k2, falcon4, falcon3, falcon2, de20, tem-simulator, or a STAR file
  double gain = 1;                // counts per electron
  double readout = 0;             // counts, standard deviation per pixel
  double dark = 0;                // electrons per pixel
  void visit(ConfigVisitor& v);
};

struct LayoutConfig {
  int64_t particles = 63000;
  int64_t per_micrograph = 21;
  int64_t micrograph = 512;  // pixels
  double pixel_size = 1.2;
  std::string placement = "random";  // random, grid, clustered
  double min_distance = 0;           // between centres; 0: the particle's diameter and 10 A
  std::string states = "one";        // for each micrograph: one, different
  void visit(ConfigVisitor& v);
};

struct ExtractionConfig {
  int64_t box = 64;                     // pixels
  int64_t downsample = 0;               // box after Fourier cropping; 0: as extracted
  double shift_sigma = 1.2;             // error of the picked position along each axis
  std::string normalisation = "sigma";  // raw, sigma (of the micrograph's background), relion (each box by its own)
  double background_radius = 0;         // pixels, for relion; 0: as large as the box allows
  bool invert = true;                   // protein bright
  void visit(ConfigVisitor& v);
};

struct OutputConfig {
  std::string micrographs = "none";  // on disk: none, noisy, all (with the noise-free ones)
  void visit(ConfigVisitor& v);
};

struct SimulationConfig final : Config {
  SpecimenConfig specimen;
  SolventConfig solvent;
  IceConfig ice;
  LensConfig lens;
  ExposureConfig exposure;
  DetectorConfig detector;
  LayoutConfig layout;
  ExtractionConfig extraction;
  OutputConfig output;
  int64_t seed = 1;

  void visit(ConfigVisitor& v) override;
  void check() const;  // fails, naming the setting, on values that make no sense
  int64_t micrographs() const { return (layout.particles + layout.per_micrograph - 1) / layout.per_micrograph; }
  double particle_pixel_size() const;  // A, of the images as written
  int64_t particle_box() const { return extraction.downsample > 0 ? extraction.downsample : extraction.box; }
};

// seed, seed-physical, krios-realistic.
const std::vector<std::string>& simulation_presets();
SimulationConfig simulation_preset(const std::string& name);
// What it stands for, in a sentence or two.
std::string describe_preset(const std::string& name);

}  // namespace cryomer
