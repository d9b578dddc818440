// The whole model: image -> distribution over latents -> structures -> images.
#pragma once

#include <optional>

#include "cryomer/model/atom_widths.h"
#include "cryomer/model/conformation_decoder.h"
#include "cryomer/model/conformation_encoder.h"
#include "cryomer/model/latent_prior.h"
#include "cryomer/model/pose_network.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

class Autoencoder {
 public:
  // `base` must already stand in the frame of the poses (its centre of rotation at the origin).
  Autoencoder(const ModelConfig& config, const Structure& base, int64_t box, double smallest_pixel_size, uint64_t seed);

  // Everything that is learned, and what it is computed with, goes to a device. Batches, poses, tables and the prior stay on
  // the CPU; what is computed from them is on the device.
  void move_to(at::Device device);
  at::Device device() const { return images.device(); }

  // What the encoder makes of each image, looking from the batch's own poses.
  DiagonalGaussian encode(const ParticleBatch& batch, const ObservedBatch& observed) const {
    return encoder(encoder.features(batch, observed, images, batch.rotation, batch.shift));
  }
  DiagonalGaussian encode(const ParticleBatch& batch) const { return encode(batch, images.observe(batch)); }

  // The network's distribution over each image's pose (latents of PoseNetwork) with its most likely conformation.
  DiagonalGaussian encode_pose(const ParticleBatch& batch, const ObservedBatch& observed) const;

  // After what is learned has changed: `images` has a copy of the widths.
  void refresh_widths();
  // Of the residues' own mobility what counts, see AtomWidths, there and in that copy.
  void set_mobile_share(double share);

  ParameterSet parameters;
  ImageModel images;
  std::shared_ptr<const RigidBodyData> bodies;
  Tensor base_positions;  // [atoms, 3]
  AtomWidths widths;
  ConformationEncoder encoder;
  ConformationDecoder decoder;
  std::optional<PoseNetwork> pose_network;
  LatentPrior prior;
  int64_t latent_dim;
};

}  // namespace cryomer
