// From an image to a distribution over conformation latents (rows 1 and 2 of the paper's system, and a better way).
//
// image: the pixels, flattened and layer-normalised, as in Rosenbaum et al. 2021.
// canonical: how the image asks the base structure to change, seen from the molecule's own frame. The gradient of the log
// likelihood with respect to density at the base structure and the image's pose is projected back to points of a grid
// that is fixed to the molecule; together with the rotation it is what the image says about the conformation.
#pragma once

#include "cryomer/imaging/image_model.h"
#include "cryomer/model/diagonal_gaussian.h"
#include "cryomer/model/layers.h"
#include "cryomer/model/model_config.h"

namespace cryomer {

class ConformationEncoder {
 public:
  // base_positions [atoms, 3] A, centred.
  ConformationEncoder(const EncoderConfig& config, const Tensor& base_positions, int64_t box,
                      double smallest_pixel_size, int64_t latent_dim, ParameterSet& parameters);

  // What the network sees of each image, [batch, features]; not differentiable. rotation [batch, 3, 3], shift
  // [batch, 2]: the poses to look from.
  Tensor features(const ParticleBatch& batch, const ObservedBatch& observed, const ImageModel& images,
                  const Tensor& rotation, const Tensor& shift) const;
  // The features as the hidden layers see them, [batch, width()].
  Tensor encoded(const Tensor& features) const;
  DiagonalGaussian posterior(const Tensor& encoded) const;
  DiagonalGaussian operator()(const Tensor& features) const { return posterior(encoded(features)); }
  void move_to(at::Device device);
  int64_t width() const { return config_.widths.empty() ? feature_count_ : config_.widths.back(); }

  // Scales the features to unit mean square; called once, with the features of some images.
  void calibrate(const Tensor& features);

  // Constants that belong to the model but are not trained: [1] the feature scale.
  Tensor feature_scale = at::ones({1});

 private:
  EncoderConfig config_;
  Tensor base_positions_;
  Tensor points_;               // [points, 3]
  double blur_ = 0;             // A, standard deviation of the low-pass before sampling
  AtomBlobTensors point_blobs_;
  int64_t feature_count_ = 0;
  LayerNorm input_norm_, output_norm_;
  Mlp hidden_;
  Linear mean_, deviation_;
};

}  // namespace cryomer
