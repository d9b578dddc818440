// The simple simulator: particles straight from the linear image model. Atoms are Gaussian blobs, the CTF is exact and
// applied on a padded grid (so that what it carries out of the box is gone, as in a real micrograph), noise is white.
#pragma once

#include <string>

#include "cryomer/base/config.h"
#include "cryomer/io/trajectory.h"

namespace cryomer {

struct GaussianImages final : Config {
  int64_t particles = 10000;
  int64_t box = 64;              // pixels, even
  double pixel_size = 1.2;       // A
  double voltage = 300;          // kV
  double spherical_aberration = 2.1;  // mm
  double amplitude_contrast = 0.06;
  double defocus_least = 5000;   // A, drawn uniformly from this
  double defocus_most = 5000;    // A, to this
  double snr = 0.05;             // variance of the CTF-filtered signal over variance of the noise, in the box
  double shift_sigma = 1.2;      // A, standard deviation of the in-plane shift along each axis
  double atom_width = 1.0;       // A, standard deviation of an atom's blob
  int64_t seed = 1;

  void visit(ConfigVisitor& v) override;
  void check() const;  // fails on values that make no sense
};

struct SimulationSummary {
  double signal_deviation = 0;  // per pixel in the box, before noise
  double noise_deviation = 0;
  double snr = 0;               // realised, box
  double snr_disc = 0;          // realised, in a disc of the particle's radius
  double disc_radius = 0;       // A
};

// Each state of the trajectory appears equally often (or in proportion to its weight) in a random order, superposed on
// the structure, which is centred on its centroid. Writes into `folder` particles.mrcs, particles.star (CTF, no poses),
// truth.star (with angles, shifts and the state's index) and simulation.json.
SimulationSummary simulate_gaussian_images(const Structure& structure, TrajectoryReader& states,
                                           const std::vector<double>& weights, const GaussianImages& settings,
                                           const std::string& folder);

}  // namespace cryomer
