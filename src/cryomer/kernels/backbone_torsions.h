// Backbone torsions stay where they may be: energy = sum over residues of strength / 2 d^2, d the distance in (phi, psi) to the
// nearest of the residue's open regions, and its gradient.
#pragma once

#include <vector>

namespace cryomer {

// A rectangle of (phi, psi), modulo full turns: radians.
struct TorsionRegion {
  double phi = 0, psi = 0;              // its centre
  double phi_reach = 0, psi_reach = 0;  // half of its sides
};

struct BackboneTorsionRules {
  struct Residue {
    int c_before = 0, n = 0, ca = 0, c = 0, n_after = 0;  // atoms
    std::vector<TorsionRegion> open;                      // at least one
  };
  std::vector<Residue> residues;
  int atom_count = 0;
  double strength = 1;  // 1/radian^2
};

// Returns the energy of positions [atoms][3]; adds to gradient [atoms][3] when it is not null.
double backbone_torsion_energy(const BackboneTorsionRules& rules, const float* positions, float* gradient);

}  // namespace cryomer
