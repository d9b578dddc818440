#include "cryomer/simulation/aligned_states.h"

#include <cmath>

#include "cryomer/base/error.h"
#include "cryomer/geometry/superpose.h"

namespace cryomer {

AlignedStates::AlignedStates(const Structure& structure, TrajectoryReader& states)
    : states_(states), base_(structure.coordinates()), alignment_atoms_(atoms_of(structure, AtomSet::ca)) {
  const Vec3 centre = structure.centroid();
  for (size_t i = 0; i < base_.size(); ++i) base_[i] -= static_cast<float>(centre[int(i % 3)]);
  if (alignment_atoms_.size() < 3) alignment_atoms_ = atoms_of(structure, AtomSet::heavy);
}

void AlignedStates::read(int64_t state, float* x) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    states_.read(state, x);
  }
  std::vector<float> mobile, target;
  for (const int a : alignment_atoms_) {
    mobile.insert(mobile.end(), x + 3 * a, x + 3 * a + 3);
    target.insert(target.end(), base_.begin() + 3 * a, base_.begin() + 3 * a + 3);
  }
  const RigidTransform move = superpose(mobile.data(), target.data(), alignment_atoms_.size()).transform;
  for (size_t a = 0; a < base_.size() / 3; ++a) {
    const Vec3 moved = move.apply({x[3 * a], x[3 * a + 1], x[3 * a + 2]});
    for (int k = 0; k < 3; ++k) x[3 * a + size_t(k)] = static_cast<float>(moved[k]);
  }
}

std::vector<float> AlignedStates::read(int64_t state) {
  std::vector<float> x(base_.size());
  read(state, x.data());
  return x;
}

void check_weights(const std::vector<double>& weights, int64_t states) {
  if (!weights.empty() && int64_t(weights.size()) != states) {
    fail("{} weights for {} states: expected one weight for each state", weights.size(), states);
  }
  for (const double w : weights) {
    if (!(w >= 0) || !std::isfinite(w)) fail("a weight is {}: expected finite numbers, zero or more", w);
  }
}

}  // namespace cryomer
