#include "cryomer/training/checkpoint.h"

namespace cryomer {

namespace {

const Tensor& tensor_of(const NamedTensors& checkpoint, const std::string& name, const std::string& source) {
  const auto found = checkpoint.tensors.find(name);
  if (found == checkpoint.tensors.end()) {
    fail("{}: tensor '{}' is missing; the checkpoint belongs to another version or configuration", source, name);
  }
  return found->second;
}

void copy_into(const Tensor& target, const NamedTensors& checkpoint, const std::string& name, const std::string& source) {
  at::NoGradGuard guard;
  target.detach().copy_(restore_tensor(checkpoint, name, target.sizes(), source));
}

}  // namespace

Tensor restore_tensor(const NamedTensors& checkpoint, const std::string& name, at::IntArrayRef shape, const std::string& source) {
  const Tensor& stored = tensor_of(checkpoint, name, source);
  bool fits = stored.dim() == int64_t(shape.size());
  for (size_t d = 0; fits && d < shape.size(); ++d) fits = shape[d] < 0 || stored.size(int64_t(d)) == shape[d];
  if (!fits) {
    fail("{}: tensor '{}' has shape {}, this configuration needs {}", source, name, shape_text(stored.sizes()), shape_text(shape));
  }
  return stored.clone();
}

void store_model(const Autoencoder& model, NamedTensors& checkpoint) {
  for (const auto& [name, tensor] : model.parameters.all()) {
    checkpoint.tensors["parameter/" + name] = tensor.detach().clone();
  }
  if (model.decoder.mode_basis().defined()) checkpoint.tensors["decoder/mode_basis"] = model.decoder.mode_basis();
  checkpoint.tensors["images/noise_power"] = model.images.noise.power;
  checkpoint.tensors["images/scale_mean"] = tensor_from(model.images.scale.mean);
  checkpoint.tensors["images/scale_deviation"] = tensor_from(model.images.scale.deviation);
  store_scalar(checkpoint, "images/mobile_share", model.widths.mobile_share);
  checkpoint.tensors["encoder/feature_scale"] = model.encoder.feature_scale;
  checkpoint.tensors["prior/weight"] = model.prior.weight;
  checkpoint.tensors["prior/mean"] = model.prior.mean;
  checkpoint.tensors["prior/covariance"] = model.prior.covariance;
}

void restore_model(Autoencoder& model, const NamedTensors& checkpoint, const std::string& source) {
  for (const auto& [name, tensor] : model.parameters.all()) copy_into(tensor, checkpoint, "parameter/" + name, source);
  if (model.decoder.mode_basis().defined()) copy_into(model.decoder.mode_basis(), checkpoint, "decoder/mode_basis", source);
  model.set_mobile_share(restore_scalar(checkpoint, "images/mobile_share", source));
  const Tensor power = restore_tensor(checkpoint, "images/noise_power", {-1, ring_count(model.images.grid().box)}, source);
  const int64_t groups = power.size(0);
  model.images.noise.power = power;
  model.images.scale.mean = to_doubles(restore_tensor(checkpoint, "images/scale_mean", {groups}, source));
  model.images.scale.deviation = to_doubles(restore_tensor(checkpoint, "images/scale_deviation", {groups}, source));
  copy_into(model.encoder.feature_scale, checkpoint, "encoder/feature_scale", source);
  const int64_t dim = model.latent_dim;
  model.prior = LatentPrior();
  model.prior.mean = restore_tensor(checkpoint, "prior/mean", {-1, dim}, source);
  const int64_t components = model.prior.mean.size(0);
  model.prior.weight = restore_tensor(checkpoint, "prior/weight", {components}, source);
  model.prior.covariance = restore_tensor(checkpoint, "prior/covariance", {components, dim, dim}, source);
}

void store_optimiser(const Adam& optimiser, NamedTensors& checkpoint) {
  checkpoint.tensors["optimiser/first_moment"] = optimiser.first_moment;
  checkpoint.tensors["optimiser/second_moment"] = optimiser.second_moment;
  store_scalar(checkpoint, "optimiser/steps", double(optimiser.steps));
}

void restore_optimiser(Adam& optimiser, const NamedTensors& checkpoint, const std::string& source) {
  copy_into(optimiser.first_moment, checkpoint, "optimiser/first_moment", source);
  copy_into(optimiser.second_moment, checkpoint, "optimiser/second_moment", source);
  optimiser.steps = int64_t(restore_scalar(checkpoint, "optimiser/steps", source));
}

void store_posteriors(const PosteriorTable& table, NamedTensors& checkpoint) {
  if (table.size() == 0) return;
  checkpoint.tensors["posterior/values"] = table.values;
  checkpoint.tensors["posterior/first_moment"] = table.first_moment;
  checkpoint.tensors["posterior/second_moment"] = table.second_moment;
  checkpoint.tensors["posterior/steps"] = table.steps;
}

void restore_posteriors(PosteriorTable& table, int64_t rows, int64_t dim, const NamedTensors& checkpoint, const std::string& source) {
  if (checkpoint.tensors.count("posterior/values") == 0) return;
  table.values = restore_tensor(checkpoint, "posterior/values", {rows, 2 * dim}, source);
  table.first_moment = restore_tensor(checkpoint, "posterior/first_moment", {rows, 2 * dim}, source);
  table.second_moment = restore_tensor(checkpoint, "posterior/second_moment", {rows, 2 * dim}, source);
  table.steps = restore_tensor(checkpoint, "posterior/steps", {rows}, source);
}

void store_poses(const PoseTable& table, NamedTensors& checkpoint) {
  checkpoint.tensors["poses/rotation"] = table.rotation;
  checkpoint.tensors["poses/shift"] = table.shift;
  checkpoint.tensors["poses/bound"] = table.bound;
  checkpoint.tensors["poses/deviation"] = table.deviation;
}

void restore_poses(PoseTable& table, int64_t particles, int64_t slots, const NamedTensors& checkpoint, const std::string& source) {
  table = PoseTable(particles, slots);
  copy_into(table.rotation, checkpoint, "poses/rotation", source);
  copy_into(table.shift, checkpoint, "poses/shift", source);
  copy_into(table.bound, checkpoint, "poses/bound", source);
  copy_into(table.deviation, checkpoint, "poses/deviation", source);
}

void store_origin(Vec3 origin, NamedTensors& checkpoint) {
  checkpoint.tensors["frame/origin"] = tensor_from(std::vector<double>{origin.x, origin.y, origin.z});
}

Vec3 restore_origin(const NamedTensors& checkpoint, const std::string& source) {
  const std::vector<double> o = to_doubles(restore_tensor(checkpoint, "frame/origin", {3}, source));
  return {o[0], o[1], o[2]};
}

void store_structure(const Structure& structure, NamedTensors& checkpoint) {
  checkpoint.tensors["structure/positions"] = tensor_from(structure.coordinates(), {structure.atom_count(), 3});
}

bool restore_structure(Structure& structure, const NamedTensors& checkpoint, const std::string& source) {
  if (checkpoint.tensors.count("structure/positions") == 0) return false;
  structure.set_coordinates(restore_tensor(checkpoint, "structure/positions", {structure.atom_count(), 3}, source).contiguous().data_ptr<float>());
  return true;
}

void store_scalar(NamedTensors& checkpoint, const std::string& name, double value) {
  checkpoint.tensors[name] = at::full({}, value, at::kDouble);
}

double restore_scalar(const NamedTensors& checkpoint, const std::string& name, const std::string& source) {
  const Tensor& stored = tensor_of(checkpoint, name, source);
  if (stored.numel() != 1) fail("{}: tensor '{}' has shape {}, expected one number", source, name, shape_text(stored.sizes()));
  return stored.item<double>();
}

}  // namespace cryomer
