// The map of atoms at a given resolution: what a perfect reconstruction of them would look like, without solvent.
//
// Every heavy atom is a normal distribution that holds as many electrons as its element has. Its width s follows from the
// resolution d, s = d / (pi sqrt 2), at which its Fourier transform has fallen to 1/e at 1/d, and from a temperature factor B, s^2
// += B / (8 pi^2).
#pragma once

#include <vector>

#include "cryomer/structure/ensemble.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

struct MapGrid {
  int64_t box = 0;        // voxels along each side
  double voxel_size = 0;  // A
  Vec3 first;             // A, centre of the first voxel
};

struct MapBlur {
  double resolution = 5;  // A
  double b_factor = 0;    // A^2
  double width() const;   // A, standard deviation of an atom
};

// A cube around all atoms of all conformations with a margin of three widths.
MapGrid grid_around(const Ensemble& conformations, const MapBlur& blur, double voxel_size);
// A cube whose central voxel, number box / 2, lies at `centre`.
MapGrid grid_centred(int64_t box, double voxel_size, Vec3 centre);

// Mean over the conformations, [box][box][box] z y x, electrons / A^3. Atoms outside of the grid are left out.
std::vector<float> density_map(const Structure& structure, const Ensemble& conformations, const MapBlur& blur, const MapGrid& grid);

}  // namespace cryomer
