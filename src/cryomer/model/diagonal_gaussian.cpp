#include "cryomer/model/diagonal_gaussian.h"

#include <cmath>

#include "cryomer/base/units.h"

namespace cryomer {

Tensor DiagonalGaussian::log_density(const Tensor& x) const {
  const Tensor scaled = (x - mean.unsqueeze(1)) / deviation.unsqueeze(1);
  return -0.5 * scaled.square().sum(2) - deviation.log().sum(1, true) - 0.5 * double(x.size(2)) * std::log(2 * kPi);
}

Tensor DiagonalGaussian::divergence_from_standard_normal() const {
  return 0.5 * (mean.square() + deviation.square() - 1 - 2 * deviation.log()).sum(1);
}

}  // namespace cryomer
