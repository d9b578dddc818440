#include "cryomer/model/atom_widths.h"

#include <cmath>

#include "cryomer/base/units.h"

namespace cryomer {

namespace {

constexpr double kStart = 0.05;  // A^2 beyond the square of the starting width, of each kind
constexpr double kSteepness = 10;  // a step of Adam moves a width by per cents of what it is

}  // namespace

AtomWidths::AtomWidths(const ModelConfig& config, const RigidBodyData& bodies, ParameterSet& parameters) : start_(config.atom_width) {
  std::vector<int64_t> residue;
  for (int r = 0; r < bodies.residue_count(); ++r) residue.resize(size_t(bodies.first_atom[r + 1]), r);
  residue_ = tensor_from(residue);
  if (config.largest_atom_width <= start_) return;
  most_ = config.largest_atom_width * config.largest_atom_width - start_ * start_;
  common_ = parameters.constant("widths.common", {1}, 0);
  mobility_ = parameters.constant("widths.mobility", {bodies.residue_count()}, 0);
}

Tensor AtomWidths::operator()() const {
  if (!learned()) return at::full({residue_.size(0)}, static_cast<float>(start_), residue_.options().dtype(at::kFloat));
  auto share = [&](const Tensor& logit) { return at::sigmoid(kSteepness * logit + std::log(kStart / most_)); };
  const Tensor common = share(common_);
  const Tensor wider = most_ * (common + (1 - common) * mobile_share * share(mobility_));
  return (start_ * start_ + wider).sqrt().index_select(0, residue_);
}

Tensor AtomWidths::b_factors() const {
  at::NoGradGuard guard;
  return 8 * kPi * kPi * ((*this)().square() - start_ * start_).clamp_min(0);
}

}  // namespace cryomer
