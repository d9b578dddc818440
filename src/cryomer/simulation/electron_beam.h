// Constants of fast electrons, relativistic, from the CODATA values. Voltages in kV, lengths in A, potentials in volt.
#pragma once

namespace cryomer {

// Potential of an atom from its scattering factor (Kirkland, "Advanced computing in electron microscopy"): with the rest mass,
// since gamma is in the interaction constant. V A^2.
inline constexpr double kPotentialOfScattering = 47.87765;  // h^2 / (2 pi m0 e)

struct ElectronBeam {
  explicit ElectronBeam(double voltage);

  double wavelength;    // A: h c / sqrt(E (E + 2 m0 c^2))
  double interaction;   // rad / (V A): 2 pi gamma m0 e lambda / h^2
  double gamma;         // 1 + e U / (m0 c^2)
  double beta_squared;  // (v / c)^2
};

}  // namespace cryomer
