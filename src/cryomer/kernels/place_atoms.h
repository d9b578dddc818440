// Rigid residues to atoms, and back for gradients.
//
// Each residue has a base frame (rotation B, origin o; x = B x_local + o) and a delta of nine numbers (t, d1, d2) that
// moves it within its own frame: R = GramSchmidt(e_x + d1, e_y + d2), x = B (R x_local + t) + o. This is T_base o T_delta
// of Rosenbaum et al. 2021, section 2.3 and appendix, with the decoder's numbers taken as offsets from the identity, so
// that a delta of zero is the base structure.
#pragma once

#include <vector>

#include "cryomer/kernels/cpu.h"

namespace cryomer {

struct RigidBodies {
  int residue_count = 0;
  int atom_count = 0;
  const float* rotation = nullptr;    // [9][residues]: element (row, column) of all residues together
  const float* origin = nullptr;      // [3][residues]
  const float* local = nullptr;       // [atoms][3] in the residue's frame, A
  const int* first_atom = nullptr;    // [residues + 1], atoms of a residue are contiguous
};

struct PlacementWorkspace {
  std::vector<float> delta, frames, basis, gradient, force;
};

// delta [residues][9] -> positions [atoms][3].
void place_atoms(const RigidBodies& bodies, const float* delta, float* positions, PlacementWorkspace& workspace,
                 InstructionSet set = active_instruction_set());

// Gradient with respect to the positions [atoms][3] -> with respect to delta [residues][9], overwritten.
void place_atoms_backward(const RigidBodies& bodies, const float* delta, const float* position_gradient,
                          float* delta_gradient, PlacementWorkspace& workspace,
                          InstructionSet set = active_instruction_set());

}  // namespace cryomer
