#include "cryomer/model/diagonal_gaussian.h"

#include <cmath>

#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer {
namespace {

Tensor normal(uint64_t seed, at::IntArrayRef shape) {
  Tensor t = at::empty(shape);
  Random(seed).fill_normal(t.data_ptr<float>(), size_t(t.numel()));
  return t;
}

DiagonalGaussian example() {
  return {tensor_from(std::vector<float>{0.5f, -1, 0, 0, 2, 0.1f}, {2, 3}),
          tensor_from(std::vector<float>{0.3f, 1, 2, 1, 1, 0.05f}, {2, 3})};
}

TEST(DiagonalGaussian, SamplesHaveItsMeanAndDeviation) {
  const DiagonalGaussian g = example();
  const Tensor x = g.sample(normal(3, {2, 100000, 3}));
  EXPECT_TRUE(at::allclose(x.mean(1), g.mean, 0, 4 * 2 / std::sqrt(1e5)));
  EXPECT_TRUE(at::allclose(x.std(1), g.deviation, 0.012, 0));
}

TEST(DiagonalGaussian, DensityIsTheProductOfItsCoordinates) {
  const DiagonalGaussian g = example();
  const Tensor x = normal(4, {2, 5, 3});
  const Tensor found = g.log_density(x);
  for (int i = 0; i < 2; ++i) {
    for (int s = 0; s < 5; ++s) {
      double expected = 0;
      for (int d = 0; d < 3; ++d) {
        const double sigma = g.deviation[i][d].item<double>(), z = (x[i][s][d].item<double>() - g.mean[i][d].item<double>()) / sigma;
        expected += -0.5 * z * z - std::log(sigma) - 0.5 * std::log(2 * M_PI);
      }
      EXPECT_NEAR(found[i][s].item<double>(), expected, 1e-4 * (1 + std::abs(expected)));
    }
  }
}

TEST(DiagonalGaussian, DivergenceIsTheMeanLogRatioOfDensities) {
  const DiagonalGaussian g = example();
  const Tensor x = g.sample(normal(5, {2, 200000, 3}));
  const DiagonalGaussian standard{at::zeros({2, 3}), at::ones({2, 3})};
  const Tensor ratio = g.log_density(x) - standard.log_density(x);
  const Tensor error = ratio.std(1) / std::sqrt(2e5);
  const Tensor found = g.divergence_from_standard_normal();
  for (int i = 0; i < 2; ++i) EXPECT_NEAR(found[i].item<double>(), ratio[i].mean().item<double>(), 4 * error[i].item<double>() + 1e-3);
  EXPECT_TRUE(at::equal(standard.divergence_from_standard_normal(), at::zeros({2})));
}

}  // namespace
}  // namespace cryomer
