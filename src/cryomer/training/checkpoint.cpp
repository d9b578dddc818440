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

Tensor from_doubles(const std::vector<double>& values) {
  Tensor result = at::empty({int64_t(values.size())}, at::kDouble);
  std::copy(values.begin(), values.end(), result.data_ptr<double>());
  return result;
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
  checkpoint.tensors["images/scale_mean"] = from_doubles(model.images.scale.mean);
  checkpoint.tensors["images/scale_deviation"] = from_doubles(model.images.scale.deviation);
  checkpoint.tensors["encoder/feature_scale"] = model.encoder.feature_scale;
}

void restore_model(Autoencoder& model, const NamedTensors& checkpoint, const std::string& source) {
  for (const auto& [name, tensor] : model.parameters.all()) copy_into(tensor, checkpoint, "parameter/" + name, source);
  model.images.noise.power = tensor_of(checkpoint, "images/noise_power", source).clone();
  model.images.scale.mean = to_doubles(tensor_of(checkpoint, "images/scale_mean", source));
  model.images.scale.deviation = to_doubles(tensor_of(checkpoint, "images/scale_deviation", source));
  copy_into(model.encoder.feature_scale, checkpoint, "encoder/feature_scale", source);
}

void store_optimiser(const Adam& optimiser, NamedTensors& checkpoint) {
  checkpoint.tensors["optimiser/first_moment"] = optimiser.first_moment;
  checkpoint.tensors["optimiser/second_moment"] = optimiser.second_moment;
  store_scalar(checkpoint, "optimiser/steps", double(optimiser.steps));
}

void restore_optimiser(Adam& optimiser, const NamedTensors& checkpoint, const std::string& source) {
  copy_into(optimiser.first_moment, checkpoint, "optimiser/first_moment", source);
  copy_into(optimiser.second_moment, checkpoint, "optimiser/second_moment", source);
  optimiser.steps = int64_t(scalar(checkpoint, "optimiser/steps", source));
}

double scalar(const NamedTensors& checkpoint, const std::string& name, const std::string& source) {
  return tensor_of(checkpoint, name, source).item<double>();
}

void store_scalar(NamedTensors& checkpoint, const std::string& name, double value) {
  checkpoint.tensors[name] = at::full({}, value, at::kDouble);
}

}  // namespace cryomer
