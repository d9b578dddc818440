#include "cryomer/training/adam.h"

#include <cmath>

#include "testing.h"

#include <torch/csrc/autograd/autograd.h>

namespace cryomer {
namespace {

std::vector<Tensor> gradients_of(const Tensor& value, const std::vector<Tensor>& inputs) {
  return torch::autograd::grad({value}, inputs);
}

TEST(Adam, KeepsTheValuesItTakesOver) {
  ParameterSet parameters(3);
  const Tensor a = parameters.truncated_normal("a", {3, 4}, 4), b = parameters.constant("b", {5}, 2);
  const Tensor before = a.detach().clone();
  const Adam adam(parameters);
  EXPECT_EQ(adam.values.numel(), 17);
  EXPECT_TRUE(at::equal(a, before));
  EXPECT_TRUE(at::equal(b, at::full({5}, 2.0f)));
}

// The recurrences of Kingma & Ba 2015 in double precision, over parameters in two tensors.
TEST(Adam, FollowsItsRecurrences) {
  ParameterSet parameters(3);
  const Tensor a = parameters.constant("a", {2}, 1), b = parameters.constant("b", {1}, -3);
  Adam adam(parameters);
  const double rate = 0.1;
  double x[3] = {1, 1, -3}, m[3] = {}, v[3] = {};
  for (int step = 1; step <= 20; ++step) {
    // f = a0^2 + 5 a1^2 + (b - 1)^4 / 10, in two parts as two threads would have it
    adam.set_gradient({gradients_of(2 * a[0].square() + 10 * a[1].square() + 0.1 * (b[0] - 1).pow(4), {a, b}),
                       {Tensor(), gradients_of(0.1 * (b[0] - 1).pow(4), {b})[0]}},
                      0.5);
    adam.step(rate, 1e9);
    const double g[3] = {2 * x[0], 10 * x[1], 0.4 * std::pow(x[2] - 1, 3)};
    for (int i = 0; i < 3; ++i) {
      m[i] = 0.9 * m[i] + 0.1 * g[i];
      v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
      x[i] -= rate * (m[i] / (1 - std::pow(0.9, step))) / (std::sqrt(v[i] / (1 - std::pow(0.999, step))) + 1e-8);
    }
    EXPECT_NEAR(a[0].item<double>(), x[0], 1e-4) << step;
    EXPECT_NEAR(a[1].item<double>(), x[1], 1e-4) << step;
    EXPECT_NEAR(b[0].item<double>(), x[2], 1e-4) << step;
  }
  EXPECT_EQ(adam.steps, 20);
}

TEST(Adam, ClipsTheWholeGradient) {
  ParameterSet parameters(3);
  const Tensor a = parameters.constant("a", {1}, 0), b = parameters.constant("b", {1}, 0);
  Adam adam(parameters);
  const std::vector<Tensor> gradient = gradients_of(300 * a.sum() + 400 * b.sum(), {a, b});
  adam.set_gradient({gradient}, 1);
  EXPECT_NEAR(adam.gradient_norm(), 500, 1e-3);
  adam.set_gradient({gradient}, 0.1);
  EXPECT_NEAR(adam.gradient_norm(), 50, 1e-3);
  adam.step(0.1, 5);
  EXPECT_NEAR(adam.first_moment[0].item<double>(), 0.1 * 3, 1e-5);
  EXPECT_NEAR(adam.first_moment[1].item<double>(), 0.1 * 4, 1e-5);
  adam.set_gradient({}, 1);
  EXPECT_EQ(adam.gradient_norm(), 0);
}

}  // namespace
}  // namespace cryomer
