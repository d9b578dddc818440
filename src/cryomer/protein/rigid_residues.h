// A structure as rigid bodies: every residue moves as one, with its side chain (Rosenbaum et al. 2021, section 2.3), which
// may turn about its bonds besides.
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

}  // namespace cryomer
