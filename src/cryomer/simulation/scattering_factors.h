// Electron scattering factors of neutral atoms as five Gaussians (Peng, Ren, Dudarev & Whelan 1996; International Tables C,
// table 4.3.2.2, as tabulated by gemmi):  f(s) = sum a_i exp(-b_i s^2), s = k / 2, valid to s = 2 1/A.
#pragma once

#include <array>

namespace cryomer {

struct ScatteringFactor {
  std::array<double, 5> a{};  // A
  std::array<double, 5> b{};  // A^2

  double operator()(double k) const;  // A, at k in 1/A
  double forward() const;             // f(0), A
};

bool has_scattering_factor(int atomic_number);
// Fails on elements that the table does not have.
ScatteringFactor scattering_factor(int atomic_number);

// Volume integral of the potential of one water molecule, V A^3, and the potential of water of a density in g/cm^3, volt.
double water_potential_integral();
double water_potential(double density);
// Water molecules per A^3 at a density in g/cm^3.
double water_number_density(double density);

}  // namespace cryomer
