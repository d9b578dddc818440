// What many images say about atoms put anywhere, the structure being what it is.
//
// With the scales of the images fixed, the log likelihood is quadratic in what is added to the structure. With r_i what image i
// shows and the structure does not, w_i, C_i, s_i its noise weights, CTF and scale, and G an atom's blob, atoms at x_a gain
//
//   sum_i ( s_i <P_i x, w C r_i> - 1/2 s_i^2 |C P_i x|_w^2 ) = sum_a D(x_a) - 1/2 sum_ab K(|x_a - x_b|)
//
// where D is the back projection of the weighted residuals, and K that of the transfer's power, for which views are taken to be
// even: then each frequency k contributes w C^2 G^2 sin(2 pi k r) / (2 pi k r). Millions of conformations of a part can so be compared
// with all images, each at the price of looking its atoms up.
#pragma once

#include <vector>

#include "cryomer/geometry/vec3.h"
#include "cryomer/imaging/image_model.h"
#include "cryomer/kernels/pair_sums.h"

namespace cryomer {

class ResidualImages {
 public:
  // `conformations`: for each batch what is there, [views or 1, atoms, 3] A at the batch's poses; `width` A: of the blobs that are added.
  // Keeps one image for each particle.
  ResidualImages(const ImageModel& images, const std::vector<ParticleBatch>& batches, const std::vector<Tensor>& conformations, double width);

  // D at some points, nats an image: the mean over images of one half (those of even or odd rows), so that the other can judge.
  std::vector<double> gains(const std::vector<Vec3>& points, int half) const;
  // Where each image has its own atoms; the mean over all images.
  std::vector<double> gains_of_atoms() const;
  // K, nats an image.
  const PairFunction& overlap() const { return overlap_; }
  int64_t size() const { return images_; }

 private:
  struct Views {
    Tensor residual;       // [views, box, box] w C r, blurred by the blob
    Tensor conformations;  // [views or 1, atoms, 3]
    std::vector<float> rotation, shift, pixel_size;  // [views][6] (two rows), [views][2], [views]
  };
  // Adds what image i of the views says about points [count][3].
  void add(const Views& views, int64_t i, const float* points, int64_t count, double* gains) const;

  std::vector<Views> batches_;
  int64_t images_ = 0;
  int box_ = 0;
  PairFunction overlap_;
};

}  // namespace cryomer
