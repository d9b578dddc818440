// The noise of each optics group: independent at every spatial frequency, with a variance that depends on |k| only.
#pragma once

#include "cryomer/tensor/tensor.h"

namespace cryomer {

// Number of rings |k| = 0, 1, ... of a box's half spectrum, corners included.
int64_t ring_count(int box);
// Which ring each entry of the half spectrum belongs to: [box, box / 2 + 1] int64.
Tensor ring_of_frequency(int box);

// Mean of |spectrum|^2 / (box * box) in each ring, that is, the variance per pixel that white noise of that strength would
// have: spectra [batch, box, box / 2 + 1, 2] -> [rings] float64, the mean of the batch.
Tensor ring_power(const Tensor& spectra, int box);

// The same for each optics group, gathered batch by batch.
class GroupRingPower {
 public:
  GroupRingPower(int64_t groups, int box) : box_(box), sum_(at::zeros({groups, ring_count(box)}, at::kDouble)), count_(size_t(groups), 0) {}

  // spectra [batch, box, box / 2 + 1, 2], and the group of each.
  void add(const Tensor& spectra, const std::vector<int>& group);
  bool any(int64_t group) const { return count_[size_t(group)] > 0; }
  Tensor mean(int64_t group) const { return sum_[group] / double(count_[size_t(group)]); }  // [rings]

 private:
  int box_;
  Tensor sum_;
  std::vector<int64_t> count_;
};

struct NoiseModel {
  Tensor power;  // [groups, rings] float64, variance per pixel

  // 1 / expected |noise|^2 at each frequency, zero at k = 0, where the image's unknown offset sits:
  // [groups, box, box / 2 + 1].
  Tensor weights(int box) const;
};

}  // namespace cryomer
