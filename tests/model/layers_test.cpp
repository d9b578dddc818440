#include "cryomer/model/layers.h"

#include <cmath>

#include "testing.h"

namespace cryomer {
namespace {

TEST(TruncatedNormal, HasTheDeviationThatWasAskedForAndNoTails) {
  ParameterSet parameters(7);
  const Tensor w = parameters.truncated_normal("w", {400, 500}, 25, 2.0).detach().to(at::kDouble);
  const double deviation = 2.0 / 5;  // scale / sqrt(fan in)
  // 200,000 draws: four deviations of the mean and of the standard deviation.
  EXPECT_NEAR(w.mean().item<double>(), 0, 4 * deviation / std::sqrt(2e5));
  EXPECT_NEAR(w.std().item<double>() / deviation, 1, 0.008);
  EXPECT_LE(w.abs().max().item<double>(), 2 * deviation / 0.8796 + 1e-6);
  EXPECT_GT(w.abs().max().item<double>(), 1.9 * deviation / 0.8796);
}

TEST(ParameterSet, IsDecidedByItsSeedAndOrder) {
  auto draw = [](uint64_t seed) {
    ParameterSet parameters(seed);
    parameters.truncated_normal("a", {5, 5}, 5);
    return parameters.truncated_normal("b", {5, 5}, 5).detach().clone();
  };
  EXPECT_TRUE(at::equal(draw(1), draw(1)));
  EXPECT_FALSE(at::equal(draw(1), draw(2)));
  ParameterSet parameters(1);
  EXPECT_FALSE(at::equal(parameters.truncated_normal("a", {5, 5}, 5), parameters.truncated_normal("b", {5, 5}, 5)));
}

TEST(ParameterSet, NamesEveryTensorOnce) {
  ParameterSet parameters(1);
  const Linear layer(parameters, "layer", 3, 4);
  EXPECT_EQ(parameters.all()[0].first, "layer.weight");
  EXPECT_EQ(parameters.all()[1].first, "layer.bias");
  EXPECT_EQ(parameters.count(), 16);
  EXPECT_TRUE(layer.weight.requires_grad());
  EXPECT_NE(testing::error_of([&] { Linear(parameters, "layer", 3, 4); }).find("'layer.weight'"), std::string::npos);
}

TEST(Linear, OfScaleZeroStartsAtZero) {
  ParameterSet parameters(1);
  const Linear layer(parameters, "layer", 3, 4, 0);
  EXPECT_TRUE(at::equal(layer(at::ones({2, 3})), at::zeros({2, 4})));
}

TEST(LayerNorm, StartsByStandardisingEachRow) {
  ParameterSet parameters(1);
  const LayerNorm norm(parameters, "norm", 100);
  const Tensor y = norm(at::randn({3, 100}) * 5 + 7);
  EXPECT_TRUE(at::allclose(y.mean(1), at::zeros({3}), 0, 1e-5));
  EXPECT_TRUE(at::allclose(y.var(1, false), at::ones({3}), 1e-3));
}

TEST(Mlp, IsItsLayersWithRectifiersBetweenAndAfter) {
  ParameterSet parameters(3);
  const Mlp mlp(parameters, "mlp", 4, {6, 5});
  ASSERT_EQ(mlp.layers.size(), 2u);
  const Tensor x = at::randn({7, 4});
  const Tensor expected = at::relu(at::matmul(at::relu(at::matmul(x, mlp.layers[0].weight.t())), mlp.layers[1].weight.t()));
  EXPECT_TRUE(at::allclose(mlp(x), expected, 1e-5, 1e-6));
  EXPECT_EQ(mlp(x).size(1), 5);
}

}  // namespace
}  // namespace cryomer
