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
  const Tensor& stored = tensor_of(checkpoint, name, source);
  if (stored.sizes() != target.sizes()) {
    fail("{}: tensor '{}' has shape {}, this configuration needs {}", source, name, shape_text(stored.sizes()),
         shape_text(target.sizes()));
  }
  target.detach().copy_(stored);
}

std::vector<double> to_doubles(const Tensor& tensor) {
  const Tensor plain = tensor.to(at::kDouble).contiguous();
  return {plain.data_ptr<double>(), plain.data_ptr<double>() + plain.numel()};
}

}  // namespace

void store_model(const Autoencoder& model, NamedTensors& checkpoint) {
  for (const auto& [name, tensor] : model.parameters.all()) {
    checkpoint.tensors["parameter/" + name] = tensor.detach().clone();
  }
  checkpoint.tensors["images/noise_power"] = model.images.noise.power;
  checkpoint.tensors["images/scale_mean"] = tensor_from(model.images.scale.mean);
  checkpoint.tensors["images/scale_deviation"] = tensor_from(model.images.scale.deviation);
  checkpoint.tensors["encoder/feature_scale"] = model.encoder.feature_scale;
  checkpoint.tensors["prior/weight"] = model.prior.weight;
  checkpoint.tensors["prior/mean"] = model.prior.mean;
  checkpoint.tensors["prior/covariance"] = model.prior.covariance;
}

void restore_model(Autoencoder& model, const NamedTensors& checkpoint, const std::string& source) {
  for (const auto& [name, tensor] : model.parameters.all()) copy_into(tensor, checkpoint, "parameter/" + name, source);
  model.images.noise.power = tensor_of(checkpoint, "images/noise_power", source).clone();
  model.images.scale.mean = to_doubles(tensor_of(checkpoint, "images/scale_mean", source));
  model.images.scale.deviation = to_doubles(tensor_of(checkpoint, "images/scale_deviation", source));
  copy_into(model.encoder.feature_scale, checkpoint, "encoder/feature_scale", source);
  model.prior = LatentPrior();
  model.prior.weight = tensor_of(checkpoint, "prior/weight", source);
  model.prior.mean = tensor_of(checkpoint, "prior/mean", source);
  model.prior.covariance = tensor_of(checkpoint, "prior/covariance", source);
  const int64_t components = model.prior.weight.numel();
  check_shape(model.prior.mean, "prior/mean", {components, model.latent_dim});
  check_shape(model.prior.covariance, "prior/covariance", {components, model.latent_dim, model.latent_dim});
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

void restore_posteriors(PosteriorTable& table, const NamedTensors& checkpoint, const std::string& source) {
  if (checkpoint.tensors.count("posterior/values") == 0) return;
  table.values = tensor_of(checkpoint, "posterior/values", source).clone();
  table.first_moment = tensor_of(checkpoint, "posterior/first_moment", source).clone();
  table.second_moment = tensor_of(checkpoint, "posterior/second_moment", source).clone();
  table.steps = tensor_of(checkpoint, "posterior/steps", source).clone();
}

void store_origin(Vec3 origin, NamedTensors& checkpoint) {
  checkpoint.tensors["frame/origin"] = tensor_from(std::vector<double>{origin.x, origin.y, origin.z});
}

Vec3 restore_origin(const NamedTensors& checkpoint, const std::string& source) {
  const Tensor& stored = tensor_of(checkpoint, "frame/origin", source);
  check_shape(stored, "frame/origin", {3});
  const std::vector<double> o = to_doubles(stored);
  return {o[0], o[1], o[2]};
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
