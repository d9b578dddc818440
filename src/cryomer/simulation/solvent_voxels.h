// Where the solvent is not: the volume that a molecule takes from the ice around it, as points with weights in the molecule's own
// frame, so that one state's solvent is found once and then turned with its atoms.
#pragma once

#include <cstddef>
#include <vector>

namespace cryomer {

struct VoxelPoints {
  std::vector<float> x, y, z;  // A
  std::vector<float> weight;

  size_t size() const { return x.size(); }
};

// Continuum solvent (after Shang & Sigworth 2012, first term): water has density w(d) = (1 + erf((d - radius) / (sqrt(2) s))) / 2
// at the distance d from the nearest heavy atom. Weights are displaced volumes in A^3. The edge is as sharp as the grid allows;
// the softness s comes from projecting each point as a Gaussian of `projected_softness`.
VoxelPoints displaced_volume(const float* atoms, size_t count, double radius, double voxel);
// sigma in A of that Gaussian: the softness without what the grid already gives.
double projected_softness(double softness, double voxel);

// An isotropic 3D Gaussian of the clamp model: potential amplitude (V A^3, its volume integral) and variance.
struct ClampTerm {
  double integral = 0;  // V A^3
  double variance = 0;  // A^2, per axis
};

// TEM-simulator's solvent: where the molecule's potential on the grid falls below the ice's, it is the ice's. Weights are
// (max(V, V_ice) - V_ice) voxel^3 in V A^3. `terms` holds the Gaussians of each kind of atom.
VoxelPoints clamped_potential(const float* atoms, const std::vector<int>& kind, const std::vector<std::vector<ClampTerm>>& terms,
                              double ice_potential, double voxel);

}  // namespace cryomer
