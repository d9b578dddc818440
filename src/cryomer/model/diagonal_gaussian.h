// A normal distribution with independent coordinates, one for each row.
#pragma once

#include "cryomer/tensor/tensor.h"

namespace cryomer {

struct DiagonalGaussian {
  Tensor mean, deviation;  // [batch, dim]

  DiagonalGaussian to(at::Device device) const { return {brought_to(device, mean), brought_to(device, deviation)}; }
  // noise [batch, samples, dim], standard normal -> samples of the same shape.
  Tensor sample(const Tensor& noise) const { return mean.unsqueeze(1) + deviation.unsqueeze(1) * noise; }
  // log density of x [batch, samples, dim] -> [batch, samples].
  Tensor log_density(const Tensor& x) const;
  // KL divergence from the standard normal, [batch].
  Tensor divergence_from_standard_normal() const;
};

}  // namespace cryomer
