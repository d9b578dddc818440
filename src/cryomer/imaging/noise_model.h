// The noise of each optics group: independent at every spatial frequency, with a variance that depends on |k| only.
#pragma once

#include "cryomer/tensor/tensor.h"

namespace cryomer {

// Number of rings |k| = 0, 1, ... of a box's half spectrum, corners included.
int64_t ring_count(int box);
// Which ring each entry of the half spectrum belongs to: [box, box / 2 + 1] int64.
Tensor ring_of_frequency(int box);

// Mean of |spectrum|^2 / (box * box) in each ring, that is, the variance per pixel that white noise of that strength would
// have: spectra [batch, box, box / 2 + 1, 2] -> [rings] float64, summed over the batch.
Tensor ring_power(const Tensor& spectra, int box);

struct NoiseModel {
  Tensor power;  // [groups, rings] float64, variance per pixel

  // 1 / expected |noise|^2 at each frequency, zero at k = 0, where the image's unknown offset sits:
  // [groups, box, box / 2 + 1].
  Tensor weights(int box) const;
};

}  // namespace cryomer
