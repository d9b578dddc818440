// The image likelihood as a differentiable tensor operation, over any list of (conformation, image, pose) triples.
#pragma once

#include "cryomer/kernels/image_likelihood.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {

// Blob amplitudes (mass) and widths (A) of the atoms, float32 [atoms].
struct AtomBlobTensors {
  Tensor amplitude, width;
};

// A batch of observed images prepared for comparison; see ObservedImage for the meaning. Float32.
struct ObservedBatch {
  Tensor weighted_data;    // [images, box, box / 2 + 1, 2]
  Tensor weighted_power;   // [images, box, box / 2 + 1]
  Tensor padded_ctf;       // [images, padded, padded / 2 + 1]; undefined without padding
  Tensor pixel_size;       // [images] A
  Tensor scale_mean;       // [images]
  Tensor scale_precision;  // [images]
  Grid grid;

  int64_t size() const { return weighted_data.size(0); }
  // The same images, each Fourier pixel counting less, or not at all: share in [0, 1], [images or none, box, box / 2 + 1].
  ObservedBatch masked(const Tensor& share) const;
};

// Which conformation is compared with which image, view by view. int64 on the CPU.
struct ViewIndex {
  Tensor conformation;  // [views] row of positions
  Tensor image;         // [views] row of the batch
};

struct ImageLikelihoodOutput {
  Tensor log_likelihood;  // [views], differentiable in positions, rotation, shift and the atoms' widths
  Tensor scale;           // [views]
  Tensor overlap, power;  // [views], see ImageLikelihood
};

// positions [conformations, atoms, 3] A; rotation [views, 3, 3]; shift [views, 2] A. Computed where the atoms and the observed
// images are; positions and poses are brought there.
ImageLikelihoodOutput image_log_likelihood(const AtomBlobTensors& atoms, const Tensor& positions, const Tensor& rotation,
                                           const Tensor& shift, const ViewIndex& index, const ObservedBatch& observed);

// For loops of one's own over views, on the CPU: what the kernel takes, pointing into the tensors.
AtomBlobs atom_blobs(const AtomBlobTensors& atoms);
ObservedImage observed_image(const ObservedBatch& observed, int64_t image);

// Projections [views, padded, padded] without CTF, computed where the atoms are.
Tensor render_projections(const AtomBlobTensors& atoms, const Tensor& positions, const Tensor& rotation,
                          const Tensor& shift, const Tensor& conformation_index, const Tensor& pixel_size, const Grid& grid);

// Adjoint of the rendering at points of the molecule's frame: points [points, 3], images [views, box, box] ->
// [views, points]. See sample_image.
Tensor sample_images(const AtomBlobTensors& points, const Tensor& positions, const Tensor& rotation, const Tensor& shift,
                     const Tensor& images, const Tensor& pixel_size, const Grid& grid);

}  // namespace cryomer
