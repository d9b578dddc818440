#include "cryomer/training/adam.h"

#include <algorithm>
#include <cmath>

namespace cryomer {

Adam::Adam(const ParameterSet& parameters) {
  const int64_t count = parameters.count();
  values = at::empty({count}, parameters.all().front().second.detach().options());
  gradient_ = at::zeros_like(values);
  first_moment = at::zeros_like(values);
  second_moment = at::zeros_like(values);
  int64_t offset = 0;
  for (const auto& [name, tensor] : parameters.all()) {
    const int64_t size = tensor.numel();
    const Tensor slot = values.slice(0, offset, offset + size).view(tensor.sizes());
    slot.copy_(tensor.detach());
    tensor.set_data(slot);
    slots_.push_back(gradient_.slice(0, offset, offset + size).view(tensor.sizes()));
    offset += size;
  }
}

void Adam::set_gradient(const std::vector<std::vector<Tensor>>& parts, double factor) {
  if (values.is_cuda()) {
    gradient_.zero_();
    for (const std::vector<Tensor>& part : parts) {
      std::vector<Tensor> flat;
      for (size_t i = 0; i < slots_.size(); ++i) flat.push_back(part[i].defined() ? part[i].reshape({-1}) : at::zeros({slots_[i].numel()}, values.options()));
      gradient_.add_(at::cat(flat), factor);
    }
    return;
  }
  const auto scale = static_cast<float>(factor);
  parallel_for(int64_t(slots_.size()), 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      float* const sum = slots_[i].data_ptr<float>();
      const int64_t count = slots_[i].numel();
      std::fill_n(sum, count, 0.0f);
      for (const std::vector<Tensor>& part : parts) {
        if (!part[i].defined()) continue;
        const Tensor plain = part[i].contiguous();
        const float* const g = plain.data_ptr<float>();
#pragma omp simd
        for (int64_t k = 0; k < count; ++k) sum[k] += scale * g[k];
      }
    }
  });
}

double Adam::gradient_norm() const { return gradient_.norm().item<double>(); }

void Adam::step(double learning_rate, double clip) {
  constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;
  ++steps;
  const double norm = gradient_norm();
  const auto scale = static_cast<float>(norm > clip ? clip / norm : 1.0);
  const auto rate = static_cast<float>(learning_rate / (1 - std::pow(kBeta1, double(steps))));
  const auto correction = static_cast<float>(1 / std::sqrt(1 - std::pow(kBeta2, double(steps))));
  const auto beta1 = static_cast<float>(kBeta1), beta2 = static_cast<float>(kBeta2), epsilon = static_cast<float>(kEpsilon);
  if (values.is_cuda()) {
    at::NoGradGuard guard;
    const Tensor gradient = gradient_ * scale;
    first_moment.lerp_(gradient, 1 - kBeta1);
    second_moment.lerp_(gradient.square(), 1 - kBeta2);
    values.addcdiv_(first_moment, second_moment.sqrt().mul_(correction).add_(epsilon), -rate);
    return;
  }
  float* const p = values.data_ptr<float>();
  float* const m = first_moment.data_ptr<float>();
  float* const v = second_moment.data_ptr<float>();
  const float* const g = gradient_.data_ptr<float>();
  parallel_for(values.numel(), 1 << 15, [&](int64_t first, int64_t last) {
#pragma omp simd
    for (int64_t i = first; i < last; ++i) {
      const float gi = scale * g[i];
      m[i] += (1 - beta1) * (gi - m[i]);
      v[i] += (1 - beta2) * (gi * gi - v[i]);
      p[i] -= rate * m[i] / (std::sqrt(v[i]) * correction + epsilon);
    }
  });
}

}  // namespace cryomer
