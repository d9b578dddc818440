// The likelihood of observed images: atoms as Gaussian blobs, the microscope's CTF, coloured noise, and for each image a
// scale (with a normal prior learned from the data) and an offset, both taken out in closed form.
#pragma once

#include "cryomer/base/random.h"
#include "cryomer/imaging/noise_model.h"
#include "cryomer/imaging/particle_batch.h"
#include "cryomer/ops/image_likelihood_op.h"

namespace cryomer {

// Prior of the images' scales, one per optics group: mean and standard deviation across images. A negative mean is
// inverted contrast (protein dark).
struct ScalePrior {
  std::vector<double> mean, deviation;
};

// Gathers what predictions say about the scales, to learn their prior: for each group sums over images of a, b and a^2 / b
// (see ImageLikelihood) and their number.
struct ScaleStatistics {
  Tensor sums;  // [groups, 4] float64

  explicit ScaleStatistics(int64_t groups) : sums(at::zeros({groups, 4}, at::kDouble)) {}
  void add(const std::vector<int>& group, const Tensor& overlap, const Tensor& power);
  // Groups without images keep what they have.
  void update(ScalePrior& prior) const;
};

class ImageModel {
 public:
  // `padding` >= 1 renders on a grid that much larger, so that the CTF's tails do not wrap around the box.
  ImageModel(AtomBlobTensors atoms, int box, double padding);

  // The same model, computing on a device. What it is given may be anywhere; what it returns is there.
  ImageModel to(at::Device device) const;
  at::Device device() const { return atoms_.amplitude.device(); }

  // Images to what the likelihood needs of them, with the current noise and scale. With a blur (standard deviation in A)
  // the likelihood is that of images and projections blurred by it: it says less, but sees atoms from farther away.
  ObservedBatch observe(const ParticleBatch& batch, double blur = 0) const;

  ImageLikelihoodOutput log_likelihood(const Tensor& positions, const Tensor& rotation, const Tensor& shift,
                                       const ViewIndex& index, const ObservedBatch& observed) const {
    return image_log_likelihood(atoms_, positions, rotation, shift, index, observed);
  }
  // With the atoms' widths [atoms] as an argument, differentiable in them too.
  ImageLikelihoodOutput log_likelihood(const Tensor& width, const Tensor& positions, const Tensor& rotation, const Tensor& shift,
                                       const ViewIndex& index, const ObservedBatch& observed) const {
    return image_log_likelihood({atoms_.amplitude, width}, positions, rotation, shift, index, observed);
  }

  // scale * CTF * projection of one conformation each, as images [batch, box, box]; positions [batch or 1, atoms, 3].
  Tensor predict(const Tensor& positions, const ParticleBatch& batch, const Tensor& scale) const;

  // Images of noise alone, with the spectra of the batch's optics groups: [batch, box, box].
  Tensor noise_images(const ParticleBatch& batch, Random random) const;

  // Images as the model expects them: predictions with a scale drawn for each, and noise. `strength`: of the predictions, in place of 1.
  Tensor simulate(const Tensor& positions, const ParticleBatch& batch, Random random, double strength = 1) const;

  // The same model whose CTF wraps around the box.
  ImageModel without_padding() const;

  void set_widths(const Tensor& width) { atoms_.width = width.detach().contiguous(); }  // [atoms] A

  const Grid& grid() const { return grid_; }
  const AtomBlobTensors& atoms() const { return atoms_; }

  NoiseModel noise;
  ScalePrior scale;

 private:
  AtomBlobTensors atoms_;
  Grid grid_;
};

// Forward transforms [batch, box, box] -> [batch, box, box / 2 + 1, 2].
Tensor fourier_transform(const Tensor& images);
// Inverse, normalised.
Tensor inverse_fourier_transform(const Tensor& spectra);

// Learns noise and scale prior from images and one conformation that roughly explains them (the base structure), at the
// poses of the batches: alternates between the scales given the noise and the residual spectra given the scales.
void calibrate(ImageModel& model, const std::vector<ParticleBatch>& batches, const Tensor& conformation);

}  // namespace cryomer
