// The hot loops on a GPU. Every pointer is to memory of the current CUDA device; work is queued on its default stream, which
// is also libtorch's unless someone changes it. The arithmetic is that of the references, called by many threads; sums over
// atoms are atomic, so that their last bits differ from run to run. Without CUDA in the build all of them fail.
#pragma once

#include <cstdint>
#include <string>

#include "cryomer/kernels/backbone_torsions.h"
#include "cryomer/kernels/clashes.h"
#include "cryomer/kernels/distance_restraints.h"
#include "cryomer/kernels/place_atoms.h"
#include "cryomer/kernels/side_chains.h"

namespace cryomer::cuda {

std::string device_name();  // of the current device

// Atoms seen from some views; compare AtomBlobs and View.
struct Views {
  const float* positions = nullptr;         // [conformations][atoms][3] A
  const float* amplitude = nullptr;         // [atoms]
  const float* width = nullptr;             // [atoms] A
  const float* rotation = nullptr;          // [views][9]
  const float* shift = nullptr;             // [views][2] A
  const float* pixel_size = nullptr;        // [views] A
  const int64_t* conformation = nullptr;    // [views] row of positions
  int views = 0, atoms = 0;
  int size = 0;                             // pixels of the grid that is rendered on
};

// images [views][size][size], overwritten.
void render(const Views& views, float* images);

// Gradients of a function of the images, overwritten.
struct ViewGradients {
  float* positions = nullptr;  // [views][atoms][3]
  float* widths = nullptr;     // [views][atoms]; may be null
  float* poses = nullptr;      // [views][8]: of the first two rows of the rotation, and of the shift
};
void render_backward(const Views& views, const float* image_gradients, const ViewGradients& gradients);

// Half spectra [views][count] (complex) times the real ones [images][count] of their images, in place.
void multiply(const float* real, const int64_t* image, int views, int count, float* spectra);

// What the likelihood compares; see ObservedImage.
struct Observed {
  const float* weighted_data = nullptr;    // [images][box][half][2]
  const float* weighted_power = nullptr;   // [images][box][half]
  const float* scale_mean = nullptr;       // [images]
  const float* scale_precision = nullptr;  // [images]
  const int64_t* image = nullptr;          // [views] row of these
  int box = 0;
};
// Spectra [views][box][half][2] of renderings -> values [4][views]: log likelihood, scale, overlap, power. With `residuals` the
// spectra become `factor` times the gradient with respect to them: scale * data - scale^2 * power * spectrum.
void compare(const Observed& observed, int views, bool residuals, float factor, float* spectra, float* values);

// See sample_image: images [views][size][size] -> values [views][atoms].
void sample(const Views& views, const float* images, float* values);

// See RigidBodies and SideChains.
struct Bodies {
  int residue_count = 0, atom_count = 0, torsion_count = 0;
  const float* rotation = nullptr;     // [9][residues]
  const float* origin = nullptr;       // [3][residues]
  const float* local = nullptr;        // [atoms][3]
  const int* first_atom = nullptr;     // [residues + 1]
  const Torsion* torsions = nullptr;   // [torsion_count], residue after residue
  const int* first_torsion = nullptr;  // [residues + 1]
  const int* moved = nullptr;
};

// moves [samples][residues][9 or 6], angles [samples][torsions] or null -> positions [samples][atoms][3].
void place_atoms(const Bodies& bodies, Movement movement, int samples, const float* moves, const float* angles, float* positions);
// `scratch` [samples][atoms][3]; angle_gradients is null when angles is.
void place_atoms_backward(const Bodies& bodies, Movement movement, int samples, const float* moves, const float* angles,
                          const float* positions, const float* position_gradients, float* scratch, float* move_gradients,
                          float* angle_gradients);

// Three of the same kind: positions [samples][atoms][3] -> energies [samples], overwritten; gradients [samples][atoms][3] are overwritten unless null.
void distance_restraints(const DistanceRestraint* restraints, int count, int samples, int atoms, const float* positions,
                         float* energies, float* gradients);
void clashes(const ClashRulesView& rules, int samples, const float* positions, float* energies, float* gradients);
void backbone_torsions(const BackboneTorsionRules::Residue* residues, int count, const TorsionRegion* regions, double strength, int samples, int atoms,
                       const float* positions, float* energies, float* gradients);

}  // namespace cryomer::cuda
