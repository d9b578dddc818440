#include "cryomer/model/latent_prior.h"

#include <cmath>

#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer {
namespace {

// Two components in the plane, one of them slanted.
LatentPrior two_components() {
  LatentPrior prior;
  prior.weight = tensor_from(std::vector<float>{0.3f, 0.7f}, {2});
  prior.mean = tensor_from(std::vector<float>{-2, 0.5f, 1.5f, -1}, {2, 2});
  prior.covariance = tensor_from(std::vector<float>{0.5f, 0.2f, 0.2f, 0.3f, 0.25f, 0, 0, 1}, {2, 2, 2});
  return prior;
}

TEST(LatentPrior, IntegratesToOne) {
  const LatentPrior prior = two_components();
  const double step = 0.05, reach = 8;
  const Tensor axis = at::arange(-reach, reach, step, at::kFloat);
  const std::vector<Tensor> mesh = at::meshgrid({axis, axis}, "ij");
  const Tensor points = at::stack({mesh[0].reshape({-1}), mesh[1].reshape({-1})}, 1);
  EXPECT_NEAR(prior.log_density(points).to(at::kDouble).exp().sum().item<double>() * step * step, 1, 1e-4);
}

TEST(LatentPrior, HasTheDensityOfItsComponents) {
  const double x[2] = {0.3, -0.4};
  auto component = [&](double mx, double my, double a, double b, double d) {
    const double determinant = a * d - b * b, u = x[0] - mx, v = x[1] - my;
    return std::exp(-0.5 * (d * u * u - 2 * b * u * v + a * v * v) / determinant) / (2 * M_PI * std::sqrt(determinant));
  };
  const double expected = 0.3 * component(-2, 0.5, 0.5, 0.2, 0.3) + 0.7 * component(1.5, -1, 0.25, 0, 1);
  const Tensor found = two_components().log_density(tensor_from(std::vector<float>{0.3f, -0.4f}, {1, 2}));
  EXPECT_NEAR(found[0].item<double>(), std::log(expected), 1e-4);
}

TEST(LatentPrior, StartsAsTheStandardNormal) {
  const Tensor x = tensor_from(std::vector<float>{0.5f, -1, 2}, {1, 3});
  EXPECT_NEAR(LatentPrior::standard_normal(3).log_density(x)[0].item<double>(), -0.5 * 5.25 - 1.5 * std::log(2 * M_PI), 1e-5);
}

TEST(LatentPrior, SamplesFollowIt) {
  const LatentPrior prior = two_components();
  const Tensor x = prior.sample(100000, 5);
  // The components hardly overlap: told apart by the first coordinate.
  const Tensor first = x.select(1, 0) < -0.4;
  EXPECT_NEAR(first.to(at::kDouble).mean().item<double>(), 0.3, 0.02);
  const Tensor members = x.index({first}).to(at::kDouble);
  EXPECT_TRUE(at::allclose(members.mean(0), tensor_from(std::vector<double>{-2, 0.5}), 0, 0.05)) << members.mean(0);
  const Tensor centred = members - members.mean(0);
  const Tensor covariance = at::matmul(centred.t(), centred) / double(members.size(0));
  EXPECT_TRUE(at::allclose(covariance, prior.covariance[0].to(at::kDouble), 0, 0.05)) << covariance;
  EXPECT_TRUE(at::equal(prior.sample(50, 1), prior.sample(50, 1)));
  EXPECT_FALSE(at::equal(prior.sample(50, 1), prior.sample(50, 2)));
}

TEST(LatentPrior, DensityHasTheGradientOfFiniteDifferences) {
  const LatentPrior prior = two_components();
  const Tensor x = tensor_from(std::vector<float>{-1, 0.3f, 0.4f, -0.2f}, {2, 2});
  Tensor leaf = x.clone().set_requires_grad(true);
  prior.log_density(leaf).sum().backward();
  const double h = 1e-2;
  for (int i = 0; i < 2; ++i) {
    for (int k = 0; k < 2; ++k) {
      Tensor up = x.clone(), down = x.clone();
      up[i][k] += h;
      down[i][k] -= h;
      const double expected = (prior.log_density(up) - prior.log_density(down)).sum().item<double>() / (2 * h);
      EXPECT_NEAR(leaf.grad()[i][k].item<double>(), expected, 5e-3 * (1 + std::abs(expected)));
    }
  }
}

// Every particle's latent is known with an error of 0.8 along each axis, more than the components are wide. Its posterior, found
// under the prior so far and fitted again and again, leads back to the population without the blur.
TEST(FittedPrior, RecoversAMixtureFromBlurredPosteriors) {
  const LatentPrior truth = two_components();
  const int64_t n = 20000;
  const double blur = 0.8;
  Tensor noise = at::empty({n, 2});
  Random(9).fill_normal(noise.data_ptr<float>(), size_t(noise.numel()));
  const Tensor seen = truth.sample(n, 8) + blur * noise;
  LatentPrior prior = fitted_prior(LatentPrior::standard_normal(2), {seen, at::full({n, 2}, float(blur))}, 2, 20, 1);
  for (int round = 0; round < 150; ++round) {
    // Exact posteriors of a mixture under a normal error are mixtures; with components this far apart one of them dominates.
    Tensor best_score, mean, deviation;
    for (int64_t k = 0; k < 2; ++k) {
      const Tensor c = prior.covariance[k].to(at::kDouble);
      const Tensor total = c + blur * blur * at::eye(2, at::kDouble);
      const Tensor gain = at::matmul(c, at::linalg_inv(total));
      const Tensor difference = seen.to(at::kDouble) - prior.mean[k].to(at::kDouble);
      const Tensor score = std::log(prior.weight[k].item<double>()) - 0.5 * at::linalg_det(total).log() -
                           0.5 * (at::matmul(difference, at::linalg_inv(total)) * difference).sum(1);
      const Tensor m = prior.mean[k].to(at::kDouble) + at::matmul(difference, gain.t());
      const Tensor d = (c - at::matmul(gain, c)).diagonal().sqrt().expand({n, 2});
      if (k == 0) {
        best_score = score, mean = m, deviation = d;
      } else {
        const Tensor better = (score > best_score).unsqueeze(1);
        mean = at::where(better, m, mean), deviation = at::where(better, d, deviation);
      }
    }
    prior = fitted_prior(prior, {mean.to(at::kFloat), deviation.to(at::kFloat)}, 2, 1, 1);
  }
  const int64_t left = prior.mean[0][0].item<float>() < prior.mean[1][0].item<float>() ? 0 : 1;
  EXPECT_NEAR(prior.weight.sum().item<float>(), 1, 1e-3);
  EXPECT_NEAR(prior.weight[left].item<float>(), 0.3, 0.03);
  EXPECT_TRUE(at::allclose(prior.mean[left], truth.mean[0], 0, 0.15)) << prior.mean;
  EXPECT_TRUE(at::allclose(prior.mean[1 - left], truth.mean[1], 0, 0.15)) << prior.mean;
  // The means alone scatter by the truth plus 0.64; what is found is free of most of that.
  EXPECT_TRUE(at::allclose(prior.covariance[1 - left].diagonal(), truth.covariance[1].diagonal(), 0, 0.15)) << prior.covariance;
  EXPECT_TRUE(at::allclose(prior.covariance[left].diagonal(), truth.covariance[0].diagonal(), 0, 0.2)) << prior.covariance;
}

TEST(FittedPrior, CountsPosteriorsWithTheirWholeWidth) {
  const int64_t n = 5000;
  const Tensor mean = LatentPrior::standard_normal(2).sample(n, 3);
  const LatentPrior prior = fitted_prior(LatentPrior::standard_normal(2), {mean, at::full({n, 2}, 0.5f)}, 1, 3, 1);
  EXPECT_TRUE(at::allclose(prior.mean[0], at::zeros({2}), 0, 0.06));
  EXPECT_TRUE(at::allclose(prior.covariance[0], 1.25 * at::eye(2), 0, 0.08)) << prior.covariance;
}

TEST(FittedPrior, KeepsEveryComponentOpenWhenAllPosteriorsAreAlike) {
  const LatentPrior prior = fitted_prior(LatentPrior::standard_normal(3), {at::zeros({100, 3}), at::full({100, 3}, 0.1f)}, 4, 20, 1);
  const Tensor density = prior.log_density(at::zeros({1, 3}));
  EXPECT_TRUE(std::isfinite(density[0].item<float>()));
  EXPECT_NEAR(prior.weight.sum().item<float>(), 1, 1e-3);
}

}  // namespace
}  // namespace cryomer
