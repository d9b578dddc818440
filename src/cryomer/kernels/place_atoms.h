// Rigid residues to atoms, and back for gradients.
//
// Each residue has a base frame (rotation B, origin o; x = B x_local + o). What moves it within its own frame, x = B (R
// x_local + t) + o, comes in one of two forms, both zero for the base structure:
//
// delta  nine numbers (t, d1, d2), R = GramSchmidt(e_x + d1, e_y + d2): T_base o T_delta of Rosenbaum et al. 2021, section
//        2.3 and appendix, with the decoder's numbers taken as offsets from the identity.
// twist  six numbers (v, w), a screw motion as a finite step along an infinitesimal one: the Cayley transform of se(3),
//        R = I + 2 s ([a] + [a]^2), t = s (v + a x v + a (a . v)) with a = w / 2 and s = 1 / (1 + a . a). It commutes with
//        changes of frame, so residues that share one screw axis turn together as one rigid domain, however far: normal
//        modes extrapolated this way keep the chain's geometry (compare Hoffmann & Grudinin 2017).
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
  std::vector<float> moves, frames, gradient, force;
};

enum class Movement { delta, twist };
constexpr int size_of(Movement movement) { return movement == Movement::delta ? 9 : 6; }

// moves [residues][9 or 6] -> positions [atoms][3].
void place_atoms(const RigidBodies& bodies, Movement movement, const float* moves, float* positions,
                 PlacementWorkspace& workspace, InstructionSet set = active_instruction_set());

// Gradient with respect to the positions [atoms][3] -> with respect to the moves, overwritten.
void place_atoms_backward(const RigidBodies& bodies, Movement movement, const float* moves,
                          const float* position_gradient, float* move_gradient, PlacementWorkspace& workspace,
                          InstructionSet set = active_instruction_set());

}  // namespace cryomer
