// Rigid residues to atom positions as a differentiable tensor operation; see kernels/place_atoms.h for the formula.
#pragma once

#include <memory>

#include "cryomer/kernels/place_atoms.h"
#include "cryomer/kernels/side_chains.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {

struct GpuBodies;

// Base frames and local coordinates in the layout of the kernel; shared, because backward needs them after the call.
struct RigidBodyData {
  std::vector<float> rotation;   // [9][residues]
  std::vector<float> origin;     // [3][residues]
  std::vector<float> local;      // [atoms][3]
  std::vector<int> first_atom;   // [residues + 1]
  SideChains side_chains;
  mutable std::shared_ptr<const GpuBodies> on_gpu;  // a copy, made when it is first needed there

  int residue_count() const { return static_cast<int>(first_atom.size()) - 1; }
  int atom_count() const { return first_atom.back(); }
  RigidBodies view() const {
    return {residue_count(), atom_count(), rotation.data(), origin.data(), local.data(), first_atom.data()};
  }
};

// moves [samples, residues, 9 (delta) or 6 (twist)] -> positions [samples, atoms, 3] in A. torsions [samples, torsions of
// the side chains]: what they turn by, radians; without it they stay as in the base structure.
Tensor place_atoms(const std::shared_ptr<const RigidBodyData>& bodies, Movement movement, const Tensor& moves,
                   const Tensor& torsions = {});

}  // namespace cryomer
