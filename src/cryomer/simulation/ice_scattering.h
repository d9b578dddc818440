// What the ice takes from the beam and gives back. Either inelastic electrons are filtered out, a share exp(-t / L) remains; or
// they come back in another place, as TEM-simulator has it: of every image a share exp(-t / L) stays as it is, the rest is
// convolved with how scattered electrons spread over a distance of the defocus. Cross sections per solid angle, elastic and
// inelastic, after Langmore & Smith 1992:
//
//   4 Z^(2/3) a_H^2 g^2 / (1 + (th/th0)^2)^2              th0 = Z^(1/3) / (k0 a_H)
//   4 Z g^2 / (k0^4 a_H^2 (th^2 + thE^2)^2) [1 - (1 + (th/th0)^2)^-2]    thE = 13.5 eV Z / (4 E)
//
// TEM-simulator's inelastic part is about three times what is measured today; it is here to reproduce its images, not as physics.
#pragma once

#include <vector>

#include "cryomer/simulation/electron_beam.h"
#include "cryomer/simulation/simulation_config.h"

namespace cryomer {

// Elastic and inelastic, A^2.
struct CrossSection {
  double elastic = 0, inelastic = 0;
};
CrossSection cross_section(int atomic_number, const ElectronBeam& beam, double voltage);

class IceScattering {
 public:
  IceScattering(const IceConfig& ice, const LensConfig& lens, const ElectronBeam& beam);

  // Factor on an image's Fourier component at k (1/A) and a defocus (A); at 0 the share of the beam that arrives.
  double transfer(double k, double defocus) const;
  double mean_free_path() const { return mean_free_path_; }  // A, of what is taken away
  bool blurs() const { return !spread_.empty(); }

 private:
  double kept_ = 1, mean_free_path_ = 0, step_ = 0;
  std::vector<double> spread_;  // of the scattered electrons, over k * defocus
};

}  // namespace cryomer
