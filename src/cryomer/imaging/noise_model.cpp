#include "cryomer/imaging/noise_model.h"

#include "cryomer/optics/ctf.h"

namespace cryomer {

int64_t ring_count(int box) { return ring_of_frequency(box).max().item<int64_t>() + 1; }

Tensor ring_of_frequency(int box) { return half_spectrum_radius(box).round().to(at::kLong); }

Tensor ring_power(const Tensor& spectra, int box) {
  const int64_t half = box / 2 + 1;
  check_shape(spectra, "spectra", {-1, box, half, 2});
  // Every column but the first and the last stands for two frequencies.
  Tensor twice = at::full({half}, 2, at::kDouble);
  twice[0] = 1;
  twice[half - 1] = 1;
  const Tensor multiplicity = twice.expand({box, half}).reshape({-1});
  const Tensor rings = ring_of_frequency(box).reshape({-1});
  const Tensor power = spectra.square().sum(3).mean(0).to(at::kDouble).reshape({-1}) / (double(box) * box);
  const int64_t count = ring_count(box);
  const Tensor total = at::zeros({count}, at::kDouble).index_add_(0, rings, power * multiplicity);
  return total / at::zeros({count}, at::kDouble).index_add_(0, rings, multiplicity);
}

void GroupRingPower::add(const Tensor& spectra, const std::vector<int>& group) {
  std::vector<std::vector<int64_t>> members(count_.size());
  for (size_t i = 0; i < group.size(); ++i) members[size_t(group[i])].push_back(int64_t(i));
  for (size_t g = 0; g < members.size(); ++g) {
    if (members[g].empty()) continue;
    sum_[int64_t(g)] += double(members[g].size()) * ring_power(spectra.index_select(0, tensor_from(members[g])), box_);
    count_[g] += int64_t(members[g].size());
  }
}

Tensor NoiseModel::weights(int box) const {
  const Tensor rings = ring_of_frequency(box).reshape({-1});
  Tensor result = (power * (double(box) * box)).reciprocal().index_select(1, rings).to(at::kFloat);
  result = result.reshape({power.size(0), box, box / 2 + 1}).contiguous();
  result.select(1, 0).select(1, 0).zero_();
  return result;
}

}  // namespace cryomer
