// From expected electrons to counts (Meyer & Kirkland 2000; Vulovic et al. 2013):
//
//   before   I <- F^-1[F[I] MTF / sqrt(NNPS)]
//   counts   N ~ Poisson(I), thinned by DQE(0) (counting) or with Wald's excess variance N (1/DQE(0) - 1) (integrating); dark
//   electrons after    gain F^-1[F[N] sqrt(NNPS)] + readout noise
//
// NNPS = 1 for a counting camera, whose noise is white; MTF^2 for an integrating one, whose noise is blurred like its signal. Then
// DQE(q) = DQE(0) MTF^2 / NNPS.
#pragma once

#include <vector>

#include "cryomer/base/random.h"
#include "cryomer/simulation/modulation_transfer.h"
#include "cryomer/simulation/simulation_config.h"

namespace cryomer {

class Detector {
 public:
  explicit Detector(const DetectorConfig& config);

  // Factors on Fourier components at q cycles per pixel.
  double before(double q) const { return integrating_ ? 1 : mtf_(q); }
  double after(double q) const { return integrating_ ? mtf_(q) : 1; }
  bool filters_before() const { return !integrating_ && !mtf_.is_ideal(); }
  bool filters_after() const { return integrating_ && !mtf_.is_ideal(); }

  // [size][size] expected electrons, already filtered by before(), to counts. Overwrites in place.
  void record(std::vector<float>& electrons, int size, Random& random) const;
  // The mean of record() of the same electrons.
  void expect(std::vector<float>& electrons, int size) const;
  // Variance of the noise at q for a mean of so many electrons a pixel, counts^2.
  double noise_power(double q, double electrons) const;

 private:
  void filter_after(std::vector<float>& counts, int size) const;

  DetectorConfig config_;
  bool integrating_;
  ModulationTransfer mtf_;
};

}  // namespace cryomer
