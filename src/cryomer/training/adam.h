// Adam (Kingma & Ba 2015) over all parameters at once: they and their gradients lie in two flat buffers, so that a step is
// one pass over memory, and the optimiser's state is two tensors.
#pragma once

#include "cryomer/model/layers.h"

namespace cryomer {

class Adam {
 public:
  // Moves the parameters' storage into one buffer; their values stay.
  explicit Adam(const ParameterSet& parameters);

  // Sets the gradient to `factor` times the sum of these, each one tensor a parameter in their order; undefined ones are zero.
  void set_gradient(const std::vector<std::vector<Tensor>>& parts, double factor);
  // Euclidean norm of the gradient.
  double gradient_norm() const;
  // One step; the gradient is scaled down first if its norm exceeds `clip`.
  void step(double learning_rate, double clip);

  // State for checkpoints: values, first and second moments [count], and the number of steps.
  Tensor values, first_moment, second_moment;
  int64_t steps = 0;

 private:
  Tensor gradient_;
  std::vector<Tensor> slots_;  // of each parameter in gradient_
};

}  // namespace cryomer
