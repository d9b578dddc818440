#include "cryomer/model/conformation_encoder.h"

#include <cmath>

#include "cryomer/base/text.h"
#include "cryomer/base/units.h"

namespace cryomer {

namespace {

constexpr double kStartDeviation = 0.1;

// The points of a cubic grid around the molecule that lie within the margin of some atom: [points, 3], and the spacing.
std::pair<Tensor, double> canonical_grid(const Tensor& atoms, int64_t points_per_axis, double margin) {
  const double extent = 2 * (atoms.abs().max().item<double>() + 0.5 * margin);
  const double spacing = extent / double(points_per_axis);
  const Tensor axis = (at::arange(points_per_axis, at::kFloat) + 0.5) * spacing - 0.5 * extent;
  const std::vector<Tensor> mesh = at::meshgrid({axis, axis, axis}, "ij");
  const Tensor all = at::stack({mesh[0].reshape({-1}), mesh[1].reshape({-1}), mesh[2].reshape({-1})}, 1);
  // Not by matrix products: their rounding is the machine's, and an encoder must find the points that it was trained with.
  constexpr int64_t kWithoutProducts = 2;
  const Tensor nearest = std::get<0>(at::cdist(all, atoms, 2, kWithoutProducts).min(1));
  return {all.index_select(0, at::nonzero(nearest <= margin).squeeze(1)).contiguous(), spacing};
}

}  // namespace

ConformationEncoder::ConformationEncoder(const EncoderConfig& config, const Tensor& base_positions, int64_t box,
                                         double smallest_pixel_size, int64_t latent_dim, ParameterSet& parameters)
    : config_(config), base_positions_(base_positions) {
  if (config.kind == "canonical") {
    double spacing = 0;
    std::tie(points_, spacing) = canonical_grid(base_positions, config.grid, config.grid_margin);
    if (points_.size(0) == 0) fail_usage("encoder.grid_margin {} A leaves no grid points", config.grid_margin);
    // Half a grid spacing of blur in all: most of it in Fourier space, so that the blobs that sample stay small.
    const double sampling_width = 0.8 * smallest_pixel_size;
    blur_ = std::sqrt(std::max(0.0, 0.25 * spacing * spacing - sampling_width * sampling_width));
    point_blobs_ = {at::ones({points_.size(0)}), at::full({points_.size(0)}, static_cast<float>(sampling_width))};
    feature_count_ = points_.size(0) + 9;
  } else if (config.kind == "image") {
    feature_count_ = box * box;
    input_norm_ = LayerNorm(parameters, "encoder.input_norm", feature_count_);
  } else {
    fail_usage("encoder.kind '{}' is unknown.{} Known: canonical, image", config.kind,
               did_you_mean(config.kind, {"canonical", "image"}));
  }
  hidden_ = Mlp(parameters, "encoder.hidden", feature_count_, config.widths);
  output_norm_ = LayerNorm(parameters, "posterior.norm", width());
  // A narrow start: wide random motion explains images worse than none, and the model would learn to ignore its latents.
  mean_ = Linear(parameters, "posterior.mean", width(), latent_dim, 0.3);
  deviation_ = Linear(parameters, "posterior.deviation", width(), latent_dim, 0.1);
  at::NoGradGuard guard;
  deviation_.bias.fill_(std::log(std::expm1(kStartDeviation)));
}

void ConformationEncoder::move_to(at::Device device) {
  base_positions_ = base_positions_.to(device);
  feature_scale = feature_scale.to(device);
  if (!points_.defined()) return;
  points_ = points_.to(device);
  point_blobs_ = {point_blobs_.amplitude.to(device), point_blobs_.width.to(device)};
}

Tensor ConformationEncoder::features(const ParticleBatch& batch, const ObservedBatch& observed, const ImageModel& images,
                                     const Tensor& rotation, const Tensor& shift) const {
  at::NoGradGuard guard;
  const int64_t count = batch.size();
  if (config_.kind == "image") return brought_to(images.device(), batch.images.reshape({count, -1}));
  // Gradient of the log likelihood with respect to the image that is rendered: w C (Y - s C F), transformed back.
  const Grid& grid = images.grid();
  if (grid.padded != grid.box) {
    // Seen on the box alone: what wraps around is a small part of a feature.
    ParticleBatch plain = batch;
    const ImageModel unpadded = images.without_padding();
    return features(plain, unpadded.observe(batch), unpadded, rotation, shift);
  }
  const Tensor projection = render_projections(images.atoms(), base_positions_.unsqueeze(0), rotation, shift,
                                               at::zeros({count}, at::kLong), observed.pixel_size, grid);
  const Tensor scale = observed.scale_mean.reshape({-1, 1, 1, 1});
  const Tensor cycles = brought_to(images.device(), half_spectrum_radius(grid.box)).unsqueeze(0) / (double(grid.box) * observed.pixel_size.reshape({-1, 1, 1}));
  const Tensor low_pass = at::exp(-2 * kPi * kPi * blur_ * blur_ * cycles.square()).unsqueeze(3);
  const Tensor residual =
      low_pass * (scale * observed.weighted_data -
                  scale.square() * observed.weighted_power.unsqueeze(3) * fourier_transform(projection));
  const Tensor seen = sample_images(point_blobs_, points_, rotation, shift, inverse_fourier_transform(residual),
                                    observed.pixel_size, grid);
  return at::cat({seen * feature_scale, brought_to(images.device(), rotation.reshape({count, 9}))}, 1);
}

void ConformationEncoder::calibrate(const Tensor& features) {
  if (config_.kind == "image") return;
  const Tensor seen = features.slice(1, 0, feature_count_ - 9) / feature_scale;
  feature_scale.fill_(1.0 / std::sqrt(seen.square().mean().item<double>() + 1e-30));
}

Tensor ConformationEncoder::encoded(const Tensor& features) const {
  check_shape(features, "features", {-1, feature_count_});
  return hidden_(config_.kind == "image" ? input_norm_(features) : features);
}

DiagonalGaussian ConformationEncoder::posterior(const Tensor& encoded) const {
  const Tensor hidden = output_norm_(encoded);
  return {mean_(hidden), at::softplus(deviation_(hidden)) + 1e-4};
}

}  // namespace cryomer
