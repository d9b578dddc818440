#include "cryomer/training/pose_table.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cryomer/base/units.h"
#include "cryomer/geometry/symmetric_eigen.h"

namespace cryomer {

namespace {

constexpr float kEmpty = -std::numeric_limits<float>::infinity();

}  // namespace

PoseTable::PoseTable(int64_t particles, int64_t slots)
    : rotation(at::eye(3).expand({particles, slots, 3, 3}).clone()),
      shift(at::zeros({particles, slots, 2})),
      bound(at::full({particles, slots}, kEmpty)) {}

PoseTable::PoseTable(const ParticleStack& stack) : PoseTable(stack.size(), 1) {
  for (int64_t i = 0; i < stack.size(); ++i) {
    put(i, 0, stack.has_poses() ? stack.pose(i) : Pose{}, 0);
  }
}

void PoseTable::put(int64_t particle, int64_t slot, const Pose& pose, double value) {
  const int64_t row = particle * slots() + slot;
  Poses{rotation, shift}.put(row, pose);
  bound.data_ptr<float>()[row] = static_cast<float>(value);
}

void PoseTable::clear(int64_t particle, int64_t slot) { bound.data_ptr<float>()[particle * slots() + slot] = kEmpty; }

bool PoseTable::filled(int64_t particle, int64_t slot) const { return bound_of(particle, slot) > kEmpty; }

Pose PoseTable::pose(int64_t particle, int64_t slot) const {
  return Poses{rotation, shift}.at(particle * slots() + slot);
}

int64_t PoseTable::best_slot(int64_t particle) const {
  const float* const b = bound.data_ptr<float>() + particle * slots();
  return std::max_element(b, b + slots()) - b;
}

std::vector<double> PoseTable::weights(int64_t particle, double temperature) const {
  const float* const b = bound.data_ptr<float>() + particle * slots();
  const double best = *std::max_element(b, b + slots());
  std::vector<double> weight(slots(), 0.0);
  double sum = 0;
  for (int64_t s = 0; s < slots(); ++s) {
    const double below = (best - b[s]) / temperature;
    if (below <= kNegligible) sum += weight[s] = std::exp(-below);
  }
  for (double& w : weight) w /= sum;
  return weight;
}

void PoseTable::follow(const Tensor& rows, const Tensor& move, double radius) {
  at::NoGradGuard guard;
  constexpr double kPart = 0.5;  // one draw's wish is noisy
  Tensor rotations = rotation.reshape({-1, 3, 3}), shifts = shift.reshape({-1, 2});  // views of the same memory
  rotations.index_copy_(0, rows, turned_exactly(rotations.index_select(0, rows), kPart / radius * move.slice(1, 0, 3)));
  shifts.index_add_(0, rows, kPart * move.slice(1, 3));
}

void PoseTable::remember_bounds(const Tensor& rows, const Tensor& measured) {
  constexpr double kNew = 0.4;
  Tensor all = bound.reshape({-1});
  all.index_copy_(0, rows, all.index_select(0, rows) * (1 - kNew) + measured.to(at::kCPU) * kNew);
}

CandidateViews candidate_views(const ParticleBatch& batch, const PoseTable& table, double temperature) {
  CandidateViews views;
  views.images = batch.size();
  std::vector<int64_t> image, rows;
  std::vector<float> weight;
  for (int64_t i = 0; i < batch.size(); ++i) {
    const std::vector<double> w = table.weights(batch.particle[i], temperature);
    for (int64_t s = 0; s < table.slots(); ++s) {
      if (w[s] == 0) continue;
      image.push_back(i);
      rows.push_back(batch.particle[i] * table.slots() + s);
      weight.push_back(static_cast<float>(w[s]));
    }
  }
  const auto count = int64_t(image.size());
  views.rows = tensor_from(rows);
  views.weight = tensor_from(weight, {count});
  ParticleBatch& out = views.batch;
  out.images = count == batch.size() ? batch.images : batch.images.index_select(0, tensor_from(image));
  for (const int64_t i : image) {
    out.optics.push_back(batch.optics[i]);
    out.optics_group.push_back(batch.optics_group[i]);
    out.particle.push_back(batch.particle[i]);
  }
  out.rotation = table.rotation.reshape({-1, 3, 3}).index_select(0, views.rows);
  out.shift = table.shift.reshape({-1, 2}).index_select(0, views.rows);
  return views;
}

ViewSpread view_spread(const PoseTable& table) {
  std::vector<double> moment(9, 0.0);
  std::vector<Vec3> directions;
  for (int64_t p = 0; p < table.particles(); ++p) {
    const Vec3 d = table.pose(p, table.best_slot(p)).rotation.row(2);
    directions.push_back(d);
    const double v[3] = {d.x, d.y, d.z};
    for (int k = 0; k < 9; ++k) moment[k] += v[k / 3] * v[k % 3];
  }
  const SymmetricEigen eigen = symmetric_eigen(moment, 3);
  ViewSpread spread;
  spread.axis = {eigen.vectors[6], eigen.vectors[7], eigen.vectors[8]};
  for (const Vec3& d : directions) {
    spread.near_axis += std::abs(dot(d, spread.axis)) > std::cos(radians(30)) ? 1.0 / double(directions.size()) : 0;
  }
  return spread;
}

PoseFigures pose_figures(const PoseTable& table, const std::vector<int64_t>& particles) {
  PoseFigures figures;
  for (const int64_t p : particles) {
    double entropy = 0, best = 0;
    for (const double w : table.weights(p, 1.0)) {
      if (w > 0) entropy -= w * std::log(w);
      best = std::max(best, w);
    }
    figures.entropy += entropy / double(particles.size());
    figures.effective_candidates += std::exp(entropy) / double(particles.size());
    figures.best_weight += best / double(particles.size());
  }
  return figures;
}

}  // namespace cryomer
