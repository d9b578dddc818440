#include "cryomer/model/pose_network.h"

namespace cryomer {

PoseNetwork::PoseNetwork(const PoseNetworkConfig& config, int64_t encoded, int64_t representation, ParameterSet& parameters)
    : shift_scale_(config.shift_scale),
      norm_(parameters, "pose.norm", encoded),
      image_(parameters, "pose.image", encoded, representation),
      hidden_(parameters, "pose.hidden", representation, config.widths) {
  const int64_t last = config.widths.empty() ? representation : config.widths.back();
  mean_ = Linear(parameters, "pose.mean", last, kLatents);
  deviation_ = Linear(parameters, "pose.deviation", last, kLatents);
}

DiagonalGaussian PoseNetwork::operator()(const Tensor& encoded, const Tensor& representation) const {
  const int64_t images = encoded.size(0), samples = representation.size(0) / images;
  check_shape(representation, "representation", {images * samples, image_.weight.size(0)});
  const Tensor hidden = hidden_(image_(norm_(encoded)).repeat_interleave(samples, 0) + representation);
  return {mean_(hidden), at::softplus(deviation_(hidden)) + 1e-4};
}

Poses PoseNetwork::poses(const Tensor& latents) const {
  check_shape(latents, "latents", {-1, kLatents});
  auto unit = [](const Tensor& v) { return v / v.norm(2, {1}, true).clamp_min(1e-6); };
  const Tensor v1 = latents.slice(1, 2, 5), v2 = latents.slice(1, 5, 8);
  const Tensor e1 = unit(v1), e2 = unit(v2 - e1 * (e1 * v2).sum(1, true));
  return {at::stack({e1, e2, at::cross(e1, e2, 1)}, 2), latents.slice(1, 0, 2) * shift_scale_};
}

}  // namespace cryomer
