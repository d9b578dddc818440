#include "cryomer/evaluation/latent_readout.h"

#include <limits>
#include <set>

#include "cryomer/evaluation/correlation.h"

namespace cryomer {

namespace {

constexpr int64_t kParts = 5;
constexpr int64_t kLeastParticles = 10;  // for each latent
constexpr double kRidge = 1;             // particles' worth, of latents with unit variance

}  // namespace

double latent_readout_r(const Tensor& latents, const std::vector<int64_t>& state_of, const std::vector<double>& values) {
  const int64_t particles = latents.size(0), dim = latents.size(1);
  const std::set<int64_t> states(state_of.begin(), state_of.end());
  if (particles < kLeastParticles * dim || int64_t(states.size()) < 2 * kParts) return std::numeric_limits<double>::quiet_NaN();
  const Tensor z = latents.to(at::kDouble), y = tensor_from(values);
  if (!z.isfinite().all().item<bool>()) return std::numeric_limits<double>::quiet_NaN();
  const Tensor part = tensor_from(state_of) % kParts;
  std::vector<double> estimate(values.size());
  for (int64_t p = 0; p < kParts; ++p) {
    const Tensor fitted = (part != p).nonzero().squeeze(1), left = (part == p).nonzero().squeeze(1);
    if (fitted.size(0) == 0 || left.size(0) == 0) continue;
    const Tensor own = z.index_select(0, fitted), mean = own.mean(0), width = own.std(0).clamp_min(1e-9);
    const Tensor x = (own - mean) / width;
    const Tensor normal = at::matmul(x.t(), x) + kRidge * at::eye(dim, at::kDouble);
    const Tensor slope = at::cholesky_solve(at::matmul(x.t(), y.index_select(0, fitted).unsqueeze(1)), at::linalg_cholesky(normal));
    // Without the mean of the fitted values, which would be below that of all where those left out are above.
    const Tensor said = at::matmul((z.index_select(0, left) - mean) / width, slope).squeeze(1).contiguous();
    for (int64_t i = 0; i < left.size(0); ++i) estimate[size_t(left.data_ptr<int64_t>()[i])] = said.data_ptr<double>()[i];
  }
  return pearson_r(estimate, values);
}

}  // namespace cryomer
