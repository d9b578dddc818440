// The image likelihood on a GPU: our kernels render and gather, libtorch transforms. See kernels/image_likelihood.h for the formulas.
#pragma once

#include "cryomer/kernels/cuda_kernels.h"
#include "cryomer/ops/image_likelihood_op.h"

namespace cryomer {

// What the likelihood of some views is and, if asked for, how it changes.
struct FoundLikelihood {
  Tensor values;     // [4, views]: log likelihood, scale, overlap, power
  Tensor positions;  // [views, atoms, 3], or no rows
  Tensor poses;      // [views, 11]: of the rotation and the shift
  Tensor widths;     // [views, atoms], or no rows
};

// All tensors are contiguous and on the GPU, `index` too.
FoundLikelihood likelihood_on_gpu(const AtomBlobTensors& atoms, const Tensor& positions, const Tensor& rotation, const Tensor& shift,
                                  const ViewIndex& index, const ObservedBatch& observed, bool with_gradient, bool with_widths);

// Of images [batch, n, n], n even, to half spectra [batch, n, n / 2 + 1, 2] and back, normalised.
Tensor transform_on_gpu(const Tensor& images);
Tensor inverse_transform_on_gpu(const Tensor& spectra);

cuda::Views gpu_views(const AtomBlobTensors& atoms, const Tensor& positions, const Tensor& rotation, const Tensor& shift,
                      const Tensor& conformation, const Tensor& pixel_size, int size);

}  // namespace cryomer
