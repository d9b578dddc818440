// A data set of the simulated microscope: from the states of a trajectory over micrographs to a stack of particles with their STAR
// files and the complete truth. One seed gives the same bytes on any number of threads; an interrupted run goes on by micrographs;
// memory does not grow with the number of images (but for their rows in the STAR files).
#pragma once

#include <string>
#include <vector>

#include "cryomer/io/trajectory.h"
#include "cryomer/simulation/simulation_config.h"

namespace cryomer {

// For a picture: one micrograph and a few particles.
struct SimulationExample {
  int micrograph_size = 0, box = 0;
  double pixel_size = 0, particle_pixel_size = 0;                  // A
  std::vector<float> micrograph, clean;                            // counts
  std::vector<float> particles, clean_particles;                   // [n][box][box], as written
  std::vector<double> frequency, power, clean_power, noise_power;  // radial means, 1/A; relative to the mean count's square
  double defocus = 0;                                              // A
  std::vector<double> zeros;                                       // 1/A, where the CTF vanishes
};

struct MicrographSimulationSummary {
  SimulationConfig config;  // as used, with the dose that was solved for
  int64_t micrographs = 0, states = 0;
  double snr_box = 0, snr_disc = 0, disc_radius = 0;  // disc: the particle's radius, A
  double contrast_deviation = 0;                      // of the clean images in the box, relative to the background
  double electrons = 0;                               // mean per pixel, before the detector
  double amplitude_contrast = 0;                      // as written to the STAR files
  double specimen_integral = 0;                       // V A^3
  std::vector<double> zeros;                          // A, resolutions at which the CTF vanishes at the mean defocus
  SimulationExample example;
};

// Writes into `folder` particles.mrcs, particles.star (CTF, no poses), truth.star, noise.csv (spectra of the noise of the detector
// and of the ice: 1/A, variance per pixel), simulation.json and, if the settings say so, micrographs/. `weights` of the states, or
// empty.
MicrographSimulationSummary simulate_micrographs(const Structure& structure, TrajectoryReader& states,
                                                 const std::vector<double>& weights, const SimulationConfig& config,
                                                 const std::string& folder, bool resume);

// Bytes that the data set takes on disk.
double bytes_needed(const SimulationConfig& config);

}  // namespace cryomer
