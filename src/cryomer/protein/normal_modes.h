// Normal modes of an elastic network of rigid residues: harmonic springs between all heavy atoms of different residues
// that are near each other, stiffer across the chain's links (Tirion 1996; rotations and translations of blocks as in
// Tama et al. 2000). The soft modes are the directions in which a protein moves most easily.
#pragma once

#include "cryomer/structure/structure.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {

struct NormalModes {
  // [modes, residues, 3] A and rad per unit amplitude: how each residue's frame origin moves and turns, both in the
  // residue's own base frame. A mode of unit amplitude moves the atoms by 1 A RMSD; modes are orthogonal.
  Tensor translation, rotation;
  std::vector<double> stiffness;  // [modes] ascending, arbitrary unit
  int64_t size() const { return static_cast<int64_t>(stiffness.size()); }

  // The modes as twists of the residues (see kernels/place_atoms.h): [modes, residues, 6].
  Tensor twists() const { return at::cat({translation, rotation}, 2); }
};

struct ElasticNetwork {
  double cutoff = 6.0;        // A
  double link_factor = 20.0;  // springs shorter than a covalent link are this much stiffer
  // Contacts between parts of a chain that are far apart along it, or between chains, are softer by this: they open first.
  double contact_factor = 1;
  int contact_span = 20;  // residues
  int largest_block_count = 400;  // above, neighbouring residues share a block, which keeps the matrix small
};

// The `count` softest modes, without the six of the whole body.
NormalModes normal_modes(const Structure& structure, int count, const ElasticNetwork& network = {});

}  // namespace cryomer
