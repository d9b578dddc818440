#include "cryomer/model/autoencoder.h"

#include "cryomer/protein/atom_blobs.h"
#include "cryomer/protein/rigid_residues.h"

namespace cryomer {

namespace {

NormalModes modes_for(const DecoderConfig& config, const Structure& base) {
  if (config.modes == 0) return {};
  ElasticNetwork network;
  network.contact_factor = config.contact_factor;
  return normal_modes(base, static_cast<int>(config.modes), network);
}

}  // namespace

Autoencoder::Autoencoder(const ModelConfig& config, const Structure& base, int64_t box, double smallest_pixel_size,
                         uint64_t seed)
    : parameters(seed),
      images(unit_blobs(base, config.atom_width), static_cast<int>(box), config.padding),
      bodies(rigid_residues(base)),
      base_positions(tensor_from(base.coordinates(), {base.atom_count(), 3})),
      widths(config, *bodies, parameters),
      encoder(config.encoder, base_positions, box, smallest_pixel_size, config.latent_dim, parameters),
      decoder(config.decoder, bodies, modes_for(config.decoder, base), config.latent_dim, parameters),
      prior(LatentPrior::standard_normal(config.latent_dim)),
      latent_dim(config.latent_dim) {
  refresh_widths();
  if (config.pose_network.used) pose_network.emplace(config.pose_network, encoder.width(), decoder.representation_size(), parameters);
}

void Autoencoder::move_to(at::Device device) {
  parameters.move_to(device);
  images = images.to(device);
  base_positions = base_positions.to(device);
  widths.move_to(device);
  encoder.move_to(device);
  decoder.move_to(device);
}

void Autoencoder::refresh_widths() {
  at::NoGradGuard guard;
  images.set_widths(widths());
}

void Autoencoder::set_mobile_share(double share) {
  widths.mobile_share = share;
  refresh_widths();
}

DiagonalGaussian Autoencoder::encode_pose(const ParticleBatch& batch, const ObservedBatch& observed) const {
  const Tensor encoded = encoder.encoded(encoder.features(batch, observed, images, batch.rotation, batch.shift));
  return (*pose_network)(encoded, decoder.representation(encoder.posterior(encoded).mean));
}

}  // namespace cryomer
