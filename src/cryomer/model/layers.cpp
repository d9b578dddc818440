#include "cryomer/model/layers.h"

#include <cmath>

namespace cryomer {

Tensor ParameterSet::add(const std::string& name, Tensor initial) {
  for (const auto& [known, tensor] : parameters_) {
    if (known == name) fail("two parameters are called '{}'", name);
  }
  initial.set_requires_grad(true);
  parameters_.emplace_back(name, initial);
  return initial;
}

Tensor ParameterSet::truncated_normal(const std::string& name, at::IntArrayRef shape, int64_t fan_in, double scale) {
  Tensor values = at::empty(shape);
  // A normal cut at two deviations has deviation 0.8796 of the uncut one.
  const double deviation = scale / std::sqrt(double(fan_in)) / 0.87962566;
  Random own = random_.substream(parameters_.size());
  for (int64_t i = 0; i < values.numel(); ++i) {
    double x = own.normal();
    while (std::abs(x) > 2) x = own.normal();
    values.data_ptr<float>()[i] = static_cast<float>(deviation * x);
  }
  return add(name, values);
}

Tensor ParameterSet::constant(const std::string& name, at::IntArrayRef shape, double value) {
  return add(name, at::full(shape, static_cast<float>(value)));
}

Tensor ParameterSet::from(const std::string& name, const Tensor& initial) {
  return add(name, initial.detach().to(at::kFloat).clone(at::MemoryFormat::Contiguous));
}

int64_t ParameterSet::count() const {
  int64_t total = 0;
  for (const auto& [name, tensor] : parameters_) total += tensor.numel();
  return total;
}

void ParameterSet::move_to(at::Device device) {
  for (auto& [name, tensor] : parameters_) tensor.set_data(tensor.detach().to(device));
}

Linear::Linear(ParameterSet& parameters, const std::string& name, int64_t in, int64_t out, double scale)
    : weight(scale == 0 ? parameters.constant(name + ".weight", {out, in}, 0)
                        : parameters.truncated_normal(name + ".weight", {out, in}, in, scale)),
      bias(parameters.constant(name + ".bias", {out}, 0)) {}

LayerNorm::LayerNorm(ParameterSet& parameters, const std::string& name, int64_t size)
    : weight(parameters.constant(name + ".weight", {size}, 1)), bias(parameters.constant(name + ".bias", {size}, 0)) {}

Mlp::Mlp(ParameterSet& parameters, const std::string& name, int64_t in, const std::vector<int64_t>& widths) {
  for (size_t i = 0; i < widths.size(); ++i) {
    layers.emplace_back(parameters, formatted("{}.{}", name, i), in, widths[i]);
    in = widths[i];
  }
}

Tensor Mlp::operator()(Tensor x) const {
  for (const Linear& layer : layers) x = at::relu(layer(x));
  return x;
}

}  // namespace cryomer
