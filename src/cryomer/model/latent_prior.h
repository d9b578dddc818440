// The distribution of conformations in latent space: a mixture of normal distributions with full covariances. It starts as
// the standard normal and is then fitted to what the particles say, so that samples from it are distributed like the data
// (the aggregated posterior is not; it is the prior blurred by every particle's uncertainty).
#pragma once

#include "cryomer/model/diagonal_gaussian.h"

namespace cryomer {

struct LatentPrior {
  Tensor weight;      // [components], sums to one
  Tensor mean;        // [components, dim]
  Tensor covariance;  // [components, dim, dim]

  static LatentPrior standard_normal(int64_t dim);

  int64_t components() const { return weight.size(0); }
  int64_t dim() const { return mean.size(1); }
  // Differentiable in x [n, dim] -> [n], on the device of x. The prior itself stays on the CPU.
  Tensor log_density(const Tensor& x) const;
  Tensor sample(int64_t count, uint64_t seed) const;  // [count, dim]
  // What the density needs, computed on first use; call it before threads share the prior.
  void prepare() const;

 private:
  mutable Tensor precision_factor_;  // [components, dim, dim], lower, inverse of the covariance's Cholesky factor
  mutable Tensor log_constant_;      // [components]
};

// Expectation maximisation of the prior given the particles' posteriors: every posterior counts with its whole width. When
// the posteriors are then found again under the new prior, and so on, the prior converges to the population that explains
// the images, free of the blur of single particles. `components` seeds are spread over the means when the prior is still the
// standard normal.
LatentPrior fitted_prior(const LatentPrior& current, const DiagonalGaussian& posteriors, int64_t components,
                         int64_t iterations, uint64_t seed);

}  // namespace cryomer
