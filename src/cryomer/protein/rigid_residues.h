// A structure as rigid bodies: every residue moves as one, with its side chain (Rosenbaum et al. 2021, section 2.3).
// Protein residues have the backbone frame of N, CA and C (origin at CA, x axis towards C, y axis in the plane of N;
// Jumper et al. 2021, supplementary algorithm 21). Nucleotides, ligands and incomplete residues have the axes of the
// structure and their centroid as origin.
#pragma once

#include <memory>

#include "cryomer/ops/place_atoms_op.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

// Rotation and origin map local to global: x = rotation * local + origin.
struct ResidueFrame {
  Mat3 rotation;
  Vec3 origin;
};

std::vector<ResidueFrame> residue_frames(const Structure& structure);

// Frames and local coordinates in the layout that atom placement works on.
std::shared_ptr<const RigidBodyData> rigid_residues(const Structure& structure);

// The nine numbers (translation, d1, d2) that move a residue's base frame to x -> rotation * x_base + ..., given the
// moved frame; see kernels/place_atoms.h.
std::array<float, 9> delta_from_frames(const ResidueFrame& base, const ResidueFrame& moved);

// Least-squares fit of the rigid residues onto a conformation [atoms][3] of the same structure: the moved frames. By
// backbone (N, CA, C) where there is one, so that the frames mean what the decoder's mean.
std::vector<ResidueFrame> fit_frames(const Structure& structure, const float* conformation);

}  // namespace cryomer
