#include "cryomer/simulation/micrograph_plan.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/units.h"
#include "cryomer/simulation/placement.h"

namespace cryomer {

Random random_for(int64_t seed, RandomPurpose purpose) {
  return Random(static_cast<uint64_t>(seed), static_cast<uint64_t>(purpose));
}

Pose PlannedParticle::pose(const SimulationConfig& config) const {
  const double middle = 0.5 * double(config.extraction.box);
  Pose pose;
  pose.rotation = rotation;
  pose.shift_x = (x - double(left) - middle) * config.layout.pixel_size;
  pose.shift_y = (y - double(top) - middle) * config.layout.pixel_size;
  return pose;
}

std::vector<int64_t> share_out_states(int64_t draws, int64_t states, const std::vector<double>& weights, uint64_t seed) {
  std::vector<double> share(static_cast<size_t>(states), 1.0);
  if (!weights.empty()) share = weights;
  double total = 0;
  for (const double w : share) total += w;
  Random random = random_for(static_cast<int64_t>(seed), RandomPurpose::states);
  std::vector<int64_t> drawn;
  double owed = random.uniform();
  for (int64_t state = 0; state < states; ++state) {
    owed += share[size_t(state)] / total * double(draws);
    for (; owed >= 1; owed -= 1) drawn.push_back(state);
  }
  while (int64_t(drawn.size()) < draws) drawn.push_back(drawn.empty() ? 0 : drawn[random.below(drawn.size())]);  // rounding
  std::vector<int64_t> shuffled(static_cast<size_t>(draws));
  const std::vector<int64_t> order = random.permutation(int64_t(drawn.size()));
  for (size_t i = 0; i < shuffled.size(); ++i) shuffled[i] = drawn[size_t(order[i])];
  return shuffled;
}

DataSetPlan::DataSetPlan(const SimulationConfig& config, int64_t states, const std::vector<double>& weights, double radius)
    : config_(config), radius_(radius) {
  const int64_t draws = config.layout.states == "one" ? config.micrographs() : config.layout.particles;
  state_ = share_out_states(draws, states, weights, static_cast<uint64_t>(config.seed));
  Random random = random_for(config.seed, RandomPurpose::rows);
  row_ = random.permutation(config.layout.particles);
}

MicrographPlan DataSetPlan::micrograph(int64_t index) const {
  const LayoutConfig& layout = config_.layout;
  const LensConfig& lens = config_.lens;
  const IceConfig& ice = config_.ice;
  Random random = random_for(config_.seed, RandomPurpose::layout).substream(uint64_t(index));
  MicrographPlan plan;
  plan.index = index;
  const double mean = lens.defocus_least + (lens.defocus_most - lens.defocus_least) * random.uniform();
  const double astigmatism = lens.astigmatism * random.normal();
  plan.astigmatism_angle = kPi * random.uniform();
  plan.defocus_u = mean + astigmatism;
  plan.defocus_v = mean - astigmatism;
  const int64_t first = index * layout.per_micrograph, last = std::min(first + layout.per_micrograph, layout.particles);
  const double box = double(config_.extraction.box), picking = config_.extraction.shift_sigma / layout.pixel_size;
  PlacementRoom room;
  room.size = static_cast<int>(layout.micrograph);
  // A box lies wholly on the micrograph, wherever picking puts it; one that fills the micrograph has its particle in the middle.
  room.margin = std::min(0.5 * box + 1 + std::ceil(3 * picking), 0.5 * double(layout.micrograph));
  room.distance = (layout.min_distance > 0 ? std::max(layout.min_distance, 2 * radius_) : 2 * radius_ + 10) / layout.pixel_size;
  const std::vector<Place> places = place_particles(layout.placement, static_cast<int>(last - first), room, random);
  const double free_depth = std::max(0.0, 0.5 * ice.thickness - radius_);
  for (int64_t p = first; p < last; ++p) {
    PlannedParticle particle;
    particle.state = state_[size_t(layout.states == "one" ? index : p)];
    particle.row = row_[size_t(p)];
    particle.rotation = random_rotation(random);
    particle.x = places[size_t(p - first)].x;
    particle.y = places[size_t(p - first)].y;
    const double depth = random.uniform();
    if (ice.depth == "uniform") particle.z = free_depth * (2 * depth - 1);
    if (ice.depth == "surface") particle.z = depth < 0.5 ? -free_depth : free_depth;
    const double picked_x = particle.x + picking * random.normal(), picked_y = particle.y + picking * random.normal();
    const int64_t most = layout.micrograph - config_.extraction.box;
    particle.left = std::clamp<int64_t>(std::llround(picked_x - 0.5 * box), 0, most);
    particle.top = std::clamp<int64_t>(std::llround(picked_y - 0.5 * box), 0, most);
    plan.particles.push_back(particle);
  }
  return plan;
}

}  // namespace cryomer
