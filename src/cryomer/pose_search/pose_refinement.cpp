#include "cryomer/pose_search/pose_refinement.h"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "cryomer/geometry/rotation.h"

namespace cryomer {

namespace {

// [views, 3] -> [views, 3, 3]: the matrix that takes the cross product with each vector.
Tensor cross_matrix(const Tensor& v) {
  const Tensor x = v.select(1, 0), y = v.select(1, 1), z = v.select(1, 2), zero = at::zeros_like(x);
  return at::stack({zero, -z, y, z, zero, -x, -y, x, zero}, 1).reshape({-1, 3, 3});
}

// The rotation turned by a vector, made orthonormal again: thousands of float32 products would drift.
Mat3 turned_by(const Mat3& rotation, Vec3 turn) {
  const Mat3 m = transposed(rotation_from_vector(turn) * rotation);
  return transposed(rotation_from_two_vectors({m(0, 0), m(1, 0), m(2, 0)}, {m(0, 1), m(1, 1), m(2, 1)}));
}

// A climb is Adam on five numbers in A, turns (times the molecule's radius) and shifts.
constexpr double kBeta1 = 0.8, kBeta2 = 0.9, kEpsilon = 1e-12;

double step_size(const PoseAscent& ascent, int step) {
  return ascent.first_step * std::pow(ascent.last_step / ascent.first_step, double(step) / ascent.steps);
}

// One view's climb.
class Climb {
 public:
  Climb(const PoseAscent& ascent, double radius) : ascent_(ascent), radius_(radius) {}

  // Moves the pose along the gradients of step `step`.
  void move(int step, const ImageGradients& gradients, Mat3& rotation, float* shift) {
    // With R + [w]x R: dL/dw is the sum over columns of (column x gradient of the column).
    Vec3 turn{};
    for (int c = 0; c < 3; ++c) {
      turn = turn + cross({rotation(0, c), rotation(1, c), rotation(2, c)}, {gradients.rotation[c], gradients.rotation[3 + c], 0});
    }
    const double gradient[5] = {turn.x / radius_, turn.y / radius_, turn.z / radius_, gradients.shift[0], gradients.shift[1]};
    const double size = step_size(ascent_, step);
    double taken[5];
    for (int k = 0; k < 5; ++k) {
      mean_[k] = kBeta1 * mean_[k] + (1 - kBeta1) * gradient[k];
      square_[k] = kBeta2 * square_[k] + (1 - kBeta2) * gradient[k] * gradient[k];
      taken[k] = size * (mean_[k] / (1 - std::pow(kBeta1, step + 1))) / (std::sqrt(square_[k] / (1 - std::pow(kBeta2, step + 1))) + kEpsilon);
    }
    rotation = turned_by(rotation, {taken[0] / radius_, taken[1] / radius_, taken[2] / radius_});
    shift[0] += static_cast<float>(taken[3]);
    shift[1] += static_cast<float>(taken[4]);
  }

 private:
  PoseAscent ascent_;
  double radius_;
  double mean_[5] = {}, square_[5] = {};
};

// exp of the vectors, times the rotations, anywhere: [views, 3, 3], [views, 3].
Tensor turned_by(const Tensor& rotation, const Tensor& turn) {
  const Tensor angle = turn.square().sum(1).clamp_min(1e-12).sqrt().reshape({-1, 1, 1}), half = (0.5 * angle).sin() / angle;
  const Tensor cross = cross_matrix(turn), once = at::matmul(cross, rotation), twice = at::matmul(cross, once);
  return rotation + angle.sin() / angle * once + 2 * half.square() * twice;
}

// All views' climbs at once, where the images are.
RefinedPoses climb_together(const ImageModel& images, const ObservedBatch& observed, const Tensor& positions, const ViewIndex& views,
                            const Poses& start, const PoseAscent& ascent) {
  const double radius = molecule_radius(positions);
  Tensor rotation = brought_to(images.device(), start.rotation), shift = brought_to(images.device(), start.shift);
  const int64_t count = rotation.size(0);
  Tensor best_rotation = rotation, best_shift = shift, highest = at::full({count}, -std::numeric_limits<float>::infinity(), shift.options());
  Tensor mean = at::zeros({count, 5}, shift.options()), square = at::zeros_like(mean);
  for (int step = 0; step <= ascent.steps; ++step) {
    const bool end = step == ascent.steps;
    Tensor gradient, value;
    {
      const at::AutoGradMode with_gradients(!end);
      const Tensor still = at::zeros_like(mean).set_requires_grad(!end);
      const Tensor found = images.log_likelihood(positions, turned(rotation, still.slice(1, 0, 3) / radius), shift + still.slice(1, 3), views, observed).log_likelihood;
      if (!end) gradient = torch::autograd::grad({found.sum()}, {still})[0];
      value = found.detach();
    }
    at::NoGradGuard guard;
    const Tensor higher = value > highest;
    highest = at::where(higher, value, highest);
    best_rotation = at::where(higher.reshape({-1, 1, 1}), rotation, best_rotation);
    best_shift = at::where(higher.reshape({-1, 1}), shift, best_shift);
    if (end) break;
    mean = kBeta1 * mean + (1 - kBeta1) * gradient;
    square = kBeta2 * square + (1 - kBeta2) * gradient.square();
    const Tensor taken = step_size(ascent, step) * (mean / (1 - std::pow(kBeta1, step + 1))) / ((square / (1 - std::pow(kBeta2, step + 1))).sqrt() + kEpsilon);
    rotation = turned_by(rotation, taken.slice(1, 0, 3) / radius);
    shift = shift + taken.slice(1, 3);
  }
  // In float32 products of rotations drift.
  return {{turned_exactly(best_rotation.to(at::kCPU), at::zeros({count, 3})), best_shift.to(at::kCPU)}, highest.to(at::kCPU)};
}

}  // namespace

Tensor turned(const Tensor& rotation, const Tensor& turn) { return rotation + at::matmul(cross_matrix(turn), rotation); }

Tensor turned_exactly(const Tensor& rotation, const Tensor& turn) {
  const std::vector<float> r = to_floats(rotation), v = to_floats(turn);
  Tensor result = at::empty_like(rotation, at::MemoryFormat::Contiguous);
  float* const out = result.data_ptr<float>();
  for (int64_t i = 0; i < rotation.size(0); ++i) {
    Mat3 old;
    for (int k = 0; k < 9; ++k) old.values[k] = r[9 * i + k];
    const Mat3 next = turned_by(old, {v[3 * i], v[3 * i + 1], v[3 * i + 2]});
    for (int k = 0; k < 9; ++k) out[9 * i + k] = static_cast<float>(next.values[k]);
  }
  return result;
}

double molecule_radius(const Tensor& positions) {
  const Tensor centred = positions - positions.mean(1, true);
  return std::sqrt(centred.square().sum(2).mean().item<double>());
}

RefinedPoses refine_poses(const ImageModel& images, const ObservedBatch& observed, const Tensor& positions,
                          const ViewIndex& views, const Poses& start, const PoseAscent& ascent) {
  if (!images.device().is_cpu()) return climb_together(images, observed, positions, views, start, ascent);
  const double radius = molecule_radius(positions);
  const int64_t count = start.rotation.size(0), atoms = positions.size(1);
  const Tensor all = positions.contiguous();
  const AtomBlobs blobs = atom_blobs(images.atoms());
  RefinedPoses best{{start.rotation.clone(at::MemoryFormat::Contiguous), start.shift.clone(at::MemoryFormat::Contiguous)}, at::empty({count})};
  float* const rotations = best.poses.rotation.data_ptr<float>();
  float* const shifts = best.poses.shift.data_ptr<float>();
  parallel_for(count, 1, [&](int64_t first, int64_t last) {
    ImageWorkspace workspace;
    std::vector<float> position_gradient(size_t(atoms) * 3);
    for (int64_t v = first; v < last; ++v) {
      const int64_t image = views.image[v].item<int64_t>();
      const float* const x = all.data_ptr<float>() + views.conformation[v].item<int64_t>() * atoms * 3;
      const ObservedImage target = observed_image(observed, image);
      Mat3 rotation;
      for (int k = 0; k < 9; ++k) rotation.values[k] = rotations[9 * v + k];
      float shift[2] = {shifts[2 * v], shifts[2 * v + 1]};
      Climb climb(ascent, radius);
      float highest = -std::numeric_limits<float>::infinity();
      for (int step = 0; step <= ascent.steps; ++step) {
        View view;
        for (int k = 0; k < 9; ++k) view.rotation[k] = static_cast<float>(rotation.values[k]);
        view.shift_x = shift[0];
        view.shift_y = shift[1];
        view.pixel_size = observed.pixel_size.data_ptr<float>()[image];
        ImageGradients gradients;
        gradients.positions = position_gradient.data();
        const bool end = step == ascent.steps;
        const float value = image_likelihood(blobs, x, view, target, observed.grid, end ? nullptr : &gradients, workspace).log_likelihood;
        if (value > highest) {
          highest = value;
          std::copy_n(view.rotation, 9, rotations + 9 * v);
          std::copy_n(shift, 2, shifts + 2 * v);
        }
        if (!end) climb.move(step, gradients, rotation, shift);
      }
      best.log_likelihood.data_ptr<float>()[v] = highest;
    }
  });
  return best;
}

FollowingPoses follow_conformations(const ImageModel& images, const ObservedBatch& observed, const Tensor& positions, const Tensor& image,
                                    const Poses& start, const Tensor& spread, double radius) {
  constexpr double kLargest = 2;  // deviations
  const Poses poses{brought_to(images.device(), start.rotation), brought_to(images.device(), start.shift)};
  const Tensor deviation = brought_to(images.device(), spread);
  const int64_t views = poses.rotation.size(0);
  const ViewIndex index{at::arange(views, at::kLong), image};
  const Tensor fixed = positions.detach();
  const auto moved = [&](const Tensor& move) {
    return Poses{turned(poses.rotation, move.slice(1, 0, 3) / radius), poses.shift + move.slice(1, 3)};
  };
  const auto likelihood = [&](const Tensor& move) {
    const Poses there = moved(move);
    return images.log_likelihood(fixed, there.rotation, there.shift, index, observed).log_likelihood;
  };
  Tensor gradient, best;
  {
    const at::AutoGradMode with_gradients(true);
    const Tensor still = at::zeros({views, 5}, poses.shift.options()).set_requires_grad(true);
    const Tensor here = likelihood(still);
    gradient = torch::autograd::grad({here.sum()}, {still})[0];
    best = here.detach();
  }
  at::NoGradGuard guard;
  const Tensor largest = kLargest * deviation, step = at::maximum(at::minimum(gradient * deviation.square(), largest), -largest);
  FollowingPoses result{poses, at::zeros_like(step)};
  for (const double length : {0.4, 1.0}) {
    const Tensor there = likelihood(length * step), better = there > best;
    best = at::where(better, there, best);
    result.move = at::where(better.unsqueeze(1), length * step, result.move);
  }
  result.poses = moved(result.move);
  return result;
}

Tensor pose_deviations(const ImageModel& images, const std::vector<ParticleBatch>& batches, const Tensor& positions) {
  constexpr double kStep = 0.3, kLeast = 0.03, kMost = 1;  // A
  at::NoGradGuard guard;
  const double radius = molecule_radius(positions);
  std::vector<double> drop(5, 0.0);  // of the log likelihood at the step, nats
  int64_t count = 0;
  for (const ParticleBatch& batch : batches) {
    const ObservedBatch observed = images.observe(batch);
    const ViewIndex views{at::zeros({batch.size()}, at::kLong), at::arange(batch.size(), at::kLong)};
    auto likelihood = [&](int direction, double step) {
      Tensor move = at::zeros({batch.size(), 5});
      move.select(1, direction).fill_(step);
      return images.log_likelihood(positions, turned_exactly(batch.rotation, move.slice(1, 0, 3) / radius), batch.shift + move.slice(1, 3), views, observed)
          .log_likelihood.sum().item<double>();
    };
    const double here = likelihood(0, 0);
    for (int k = 0; k < 5; ++k) drop[k] += here - 0.5 * (likelihood(k, kStep) + likelihood(k, -kStep));
    count += batch.size();
  }
  Tensor result = at::empty({5});
  for (int k = 0; k < 5; ++k) {
    const double curved = std::max(drop[k] / double(count), 1e-6);
    result.data_ptr<float>()[k] = static_cast<float>(std::clamp(kStep / std::sqrt(2 * curved), kLeast, kMost));
  }
  return result;
}

}  // namespace cryomer
