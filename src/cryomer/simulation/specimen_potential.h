// The electrostatic potential of one molecule in ice, projected along the beam onto pixels. Isolated-atom superposition with
// Peng's five Gaussians, each widened by its B-factor, as means over pixels:
//
//   V_z(pixel) = C_V sum_i a_i prod_{u = x, y} [erf(2 pi (u + D/2) / sqrt(b_i + B)) - erf(2 pi (u - D/2) / sqrt(b_i + B))] / (2 D)
//
// less the potential of the water that the molecule displaces. Absorption is an imaginary potential: inelastic scattering at the
// mean free path L takes 1 / (2 sigma_e L) (Vulovic et al. 2013), or a fraction of the real potential ("amplitude contrast").
#pragma once

#include <vector>

#include "cryomer/geometry/rotation.h"
#include "cryomer/kernels/pixel_means.h"
#include "cryomer/simulation/electron_beam.h"
#include "cryomer/simulation/simulation_config.h"
#include "cryomer/simulation/solvent_voxels.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

// One state in the molecule's frame, ready to be projected in any orientation.
struct Specimen {
  std::vector<float> atoms;  // [atoms][3], A
  VoxelPoints solvent;
  double depth = 0;  // A: nothing is farther than this from the origin
};

// A square grid: pixel i has its centre at i * pixel.
struct PotentialGrid {
  int size = 0;
  double pixel = 1;  // A
};

struct ProjectedPotential {
  std::vector<float> real;       // [size][size], V A
  std::vector<float> imaginary;  // the same, absorption
  std::vector<float> thickness;  // the same, A of solvent that is displaced (continuum, explicit)
};

class SpecimenPotential {
 public:
  SpecimenPotential(const Structure& structure, const SpecimenConfig& specimen, const SolventConfig& solvent,
                    double ice_inelastic_path, const ElectronBeam& beam, double pixel);

  // `coordinates` [atoms][3] in A about the origin.
  Specimen specimen(const float* coordinates) const;
  // The molecule turned by `rotation` with its origin at (x, y) A on the grid. With `from` < `to`, only what lies in that range of
  // depth (A, from the origin along the beam). Overwrites `result`.
  void project(const Specimen& specimen, const Mat3& rotation, double x, double y, const PotentialGrid& grid,
               ProjectedPotential& result, double from = 0, double to = 0) const;

  // Volume integral of the real potential of all atoms, without solvent, V A^3.
  double integral() const { return integral_; }
  // The amplitude contrast that best describes this specimen in a CTF: the share of the imaginary potential's integral.
  double amplitude_contrast(const Specimen& specimen) const;

 private:
  SpecimenConfig specimen_;
  SolventConfig solvent_;
  double pixel_, imaginary_contrast_ = 0, integral_ = 0, reach_ = 0;
  PointProfiles atom_profiles_, voxel_profiles_;
  std::vector<int> point_atom_;  // an atom and, as points of their own, its hydrogens
  std::vector<uint16_t> point_kind_;
  std::vector<float> point_weight_;
  std::vector<int> clamp_kind_;  // [atoms]
  std::vector<std::vector<ClampTerm>> clamp_terms_;
};

}  // namespace cryomer
