// The few network layers the model is made of. Parameters are registered by name, which is how they appear in checkpoints.
#pragma once

#include "cryomer/base/random.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {

// Trainable tensors by name, in the order they were made.
class ParameterSet {
 public:
  explicit ParameterSet(uint64_t seed) : random_(seed, 0x9a7a) {}

  // Truncated normal (cut at two deviations) with deviation scale / sqrt(fan_in): Rosenbaum et al. 2021, appendix.
  Tensor truncated_normal(const std::string& name, at::IntArrayRef shape, int64_t fan_in, double scale = 1);
  Tensor constant(const std::string& name, at::IntArrayRef shape, double value);
  Tensor from(const std::string& name, const Tensor& initial);

  const std::vector<std::pair<std::string, Tensor>>& all() const { return parameters_; }
  int64_t count() const;
  // In place: whoever holds a parameter sees it on the device.
  void move_to(at::Device device);

 private:
  Tensor add(const std::string& name, Tensor initial);

  Random random_;
  std::vector<std::pair<std::string, Tensor>> parameters_;
};

// y = x W^T + b; W [out, in].
struct Linear {
  Tensor weight, bias;

  Linear() = default;
  Linear(ParameterSet& parameters, const std::string& name, int64_t in, int64_t out, double scale = 1);
  Tensor operator()(const Tensor& x) const { return at::linear(x, weight, bias); }
};

struct LayerNorm {
  Tensor weight, bias;

  LayerNorm() = default;
  LayerNorm(ParameterSet& parameters, const std::string& name, int64_t size);
  Tensor operator()(const Tensor& x) const { return at::layer_norm(x, {weight.size(0)}, weight, bias); }
};

// Linear layers with ReLU between and after.
struct Mlp {
  std::vector<Linear> layers;

  Mlp() = default;
  Mlp(ParameterSet& parameters, const std::string& name, int64_t in, const std::vector<int64_t>& widths);
  Tensor operator()(Tensor x) const;
};

}  // namespace cryomer
