// The distribution of an image's pose given the image and a conformation drawn for it, so that together they are an
// auto-regressive posterior (Rosenbaum et al. 2021, section 2.3 and appendix). Eight latents: a shift in the plane of the image,
// and two vectors that Gram-Schmidt makes a rotation. Under the standard normal prior rotations are uniform.
#pragma once

#include "cryomer/imaging/particle_batch.h"
#include "cryomer/model/diagonal_gaussian.h"
#include "cryomer/model/layers.h"
#include "cryomer/model/model_config.h"

namespace cryomer {

class PoseNetwork {
 public:
  static constexpr int64_t kLatents = 8;

  PoseNetwork() = default;
  // `encoded`, `representation`: widths of what the encoder makes of an image and the decoder of a latent.
  PoseNetwork(const PoseNetworkConfig& config, int64_t encoded, int64_t representation, ParameterSet& parameters);

  // encoded [images, .], representation [images * samples, .] -> distributions over latents [images * samples, 8].
  DiagonalGaussian operator()(const Tensor& encoded, const Tensor& representation) const;
  // latents [views, 8] -> poses of the views, differentiable.
  Poses poses(const Tensor& latents) const;

 private:
  double shift_scale_ = 0;
  LayerNorm norm_;
  Linear image_, mean_, deviation_;
  Mlp hidden_;
};

}  // namespace cryomer
