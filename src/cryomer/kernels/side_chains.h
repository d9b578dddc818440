// Side chains that turn about their bonds, within the frame of their residue.
//
// A torsion turns the atoms beyond a bond about it. Those of one residue are listed from the tip of its side chain inwards:
// each then finds its axis where the base structure has it, and bond lengths and angles stay as they are.
#pragma once

#include <vector>

namespace cryomer {

struct Torsion {
  int from = 0, about = 0;               // the bond, in the direction away from the backbone: atoms
  int first_moved = 0, last_moved = 0;   // range of `moved`
};

struct SideChains {
  std::vector<Torsion> torsions;
  std::vector<int> moved;  // atoms beyond the bonds

  int count() const { return static_cast<int>(torsions.size()); }
};

// Turns local coordinates [atoms][3] by angles [torsions] (radians, right-handed along the bond), in place.
void turn_side_chains(const SideChains& side_chains, const float* angles, float* local);

// Gradient with respect to the angles, overwritten, from positions [atoms][3] that were turned and placed and the gradient
// with respect to them: (axis, sum of arm x gradient) over the atoms beyond the bond.
void side_chain_gradient(const SideChains& side_chains, const float* positions, const float* position_gradient,
                         float* angle_gradient);

}  // namespace cryomer
