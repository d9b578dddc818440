#include "cryomer/model/latent_prior.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/random.h"
#include "cryomer/base/units.h"

namespace cryomer {

LatentPrior LatentPrior::standard_normal(int64_t dim) {
  LatentPrior prior;
  prior.weight = at::ones({1});
  prior.mean = at::zeros({1, dim});
  prior.covariance = at::eye(dim).unsqueeze(0);
  return prior;
}

void LatentPrior::prepare() const {
  if (precision_factor_.defined()) return;
  const Tensor factor = at::linalg_cholesky(covariance.to(at::kDouble));
  const Tensor identity = at::eye(dim(), at::kDouble).expand({components(), dim(), dim()});
  precision_factor_ = at::linalg_solve_triangular(factor, identity, /*upper=*/false).to(at::kFloat);
  log_constant_ = (weight.to(at::kDouble).log() - factor.diagonal(0, 1, 2).log().sum(1) - 0.5 * double(dim()) * std::log(2 * kPi))
                      .to(at::kFloat);
}

Tensor LatentPrior::log_density(const Tensor& x) const {
  prepare();
  // [components, n, dim]
  const Tensor white = at::matmul(x.unsqueeze(0) - brought_to(x.device(), mean).unsqueeze(1), brought_to(x.device(), precision_factor_).transpose(1, 2));
  return at::logsumexp(brought_to(x.device(), log_constant_).unsqueeze(1) - 0.5 * white.square().sum(2), 0);
}

Tensor LatentPrior::sample(int64_t count, uint64_t seed) const {
  const Tensor factor = at::linalg_cholesky(covariance.to(at::kDouble)).to(at::kFloat).contiguous();
  const Tensor cumulative = weight.to(at::kDouble).cumsum(0).contiguous();
  Tensor result = at::empty({count, dim()});
  Random random(seed, 0x5a3);
  for (int64_t i = 0; i < count; ++i) {
    const double u = random.uniform() * cumulative[-1].item<double>();
    int64_t k = 0;
    while (k + 1 < components() && cumulative.data_ptr<double>()[k] < u) ++k;
    Tensor noise = at::empty({dim()});
    random.fill_normal(noise.data_ptr<float>(), size_t(dim()));
    result[i] = mean[k] + at::mv(factor[k], noise);
  }
  return result;
}

namespace {

// Seeds far from each other (k-means++), then a few rounds of k-means, give components to start from.
LatentPrior spread_components(const DiagonalGaussian& posteriors, int64_t components, Random random) {
  const Tensor x = posteriors.mean.to(at::kDouble).contiguous();
  const int64_t n = x.size(0), dim = x.size(1);
  Tensor centres = x[int64_t(random.below(uint64_t(n)))].unsqueeze(0);
  while (centres.size(0) < components) {
    const Tensor nearest = std::get<0>(at::cdist(x, centres).square().min(1)).contiguous();
    double target = random.uniform() * nearest.sum().item<double>();
    int64_t chosen = 0;
    while (chosen + 1 < n && (target -= nearest.data_ptr<double>()[chosen]) > 0) ++chosen;
    centres = at::cat({centres, x[chosen].unsqueeze(0)});
  }
  Tensor owner;
  for (int round = 0; round < 10; ++round) {
    owner = std::get<1>(at::cdist(x, centres).min(1));
    const Tensor count = at::zeros({components}, at::kDouble).index_add_(0, owner, at::ones({n}, at::kDouble));
    const Tensor sum = at::zeros({components, dim}, at::kDouble).index_add_(0, owner, x);
    centres = at::where(count.unsqueeze(1) > 0, sum / count.clamp_min(1).unsqueeze(1), centres);
  }
  const Tensor spread = (x - centres.index_select(0, owner)).square().mean(0) +
                        posteriors.deviation.to(at::kDouble).square().mean(0);
  LatentPrior prior;
  prior.weight = at::full({components}, 1.0f / float(components));
  prior.mean = centres.to(at::kFloat);
  prior.covariance = at::diag(spread).expand({components, dim, dim}).to(at::kFloat).clone();
  return prior;
}

}  // namespace

LatentPrior fitted_prior(const LatentPrior& current, const DiagonalGaussian& posteriors, int64_t components,
                         int64_t iterations, uint64_t seed) {
  at::NoGradGuard guard;
  constexpr double kFloor = 1e-3;  // of a component's variance along any axis, as a share of the population's
  LatentPrior prior = current.components() == components && components > 1
                          ? current
                          : spread_components(posteriors, components, Random(seed, 0x96));
  const Tensor x = posteriors.mean.to(at::kDouble), variance = posteriors.deviation.to(at::kDouble).square();
  const int64_t n = x.size(0);
  const Tensor floor = at::diag(kFloor * (x.var(0, false) + variance.mean(0)));
  for (int64_t iteration = 0; iteration < iterations; ++iteration) {
    const Tensor covariance = prior.covariance.to(at::kDouble), mean = prior.mean.to(at::kDouble);
    const Tensor factor = at::linalg_cholesky(covariance);
    const Tensor precision = at::cholesky_inverse(factor);
    const Tensor difference = x.unsqueeze(0) - mean.unsqueeze(1);  // [components, n, dim]
    const Tensor distance = (at::matmul(difference, precision) * difference).sum(2);
    // The expected log density under each posterior, whose own width costs tr(precision variance).
    const Tensor width = at::matmul(precision.diagonal(0, 1, 2), variance.t());
    const Tensor score = prior.weight.to(at::kDouble).log().unsqueeze(1) -
                         factor.diagonal(0, 1, 2).log().sum(1, true) - 0.5 * (distance + width);
    const Tensor share = at::softmax(score, 0);
    const Tensor total = share.sum(1).clamp_min(1e-6);
    const Tensor new_mean = at::matmul(share, x) / total.unsqueeze(1);
    const Tensor from_mean = x.unsqueeze(0) - new_mean.unsqueeze(1);
    const Tensor scatter = at::matmul((from_mean * share.unsqueeze(2)).transpose(1, 2), from_mean);
    const Tensor own_width = at::diag_embed(at::matmul(share, variance));
    prior = LatentPrior();
    // A component that explains a handful of particles only is kept from collapsing by the floor.
    prior.covariance = ((scatter + own_width) / total.reshape({-1, 1, 1}) + floor).to(at::kFloat);
    prior.mean = new_mean.to(at::kFloat);
    prior.weight = ((total + 1) / (double(n) + double(components))).to(at::kFloat);
  }
  return prior;
}

}  // namespace cryomer
