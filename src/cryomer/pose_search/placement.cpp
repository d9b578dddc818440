#include "cryomer/pose_search/placement.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"
#include "cryomer/base/units.h"
#include "cryomer/geometry/rotation.h"
#include "cryomer/pose_search/pose_finder.h"

namespace cryomer {

namespace {

constexpr double kSameTurn = radians(20);
constexpr double kAgreed = 0.15, kDoubtful = 0.28;
constexpr int64_t kFewest = 6;  // that agree
constexpr double kReach = 10;  // A, that the structure may stand from the centre of the poses
constexpr int kPeaks = 8;      // of the search that are climbed

// x of m x = b, for a positive definite m.
Vec3 solved(const Mat3& m, Vec3 b) {
  const Vec3 p = m.column(0), q = m.column(1), r = m.column(2);
  const double d = dot(p, cross(q, r));
  return {dot(b, cross(q, r)) / d, dot(p, cross(b, r)) / d, dot(p, cross(q, b)) / d};
}

// The turn that most of `turns` are near, and which of them are.
std::vector<size_t> most_agreed(const std::vector<Mat3>& turns, Mat3& turn) {
  const auto near = [&](const Mat3& centre) {
    std::vector<size_t> those;
    for (size_t i = 0; i < turns.size(); ++i) {
      if (rotation_distance(centre, turns[i]) < kSameTurn) those.push_back(i);
    }
    return those;
  };
  std::vector<size_t> best;
  for (const Mat3& centre : turns) {
    if (std::vector<size_t> those = near(centre); those.size() > best.size()) best = std::move(those);
  }
  constexpr int kRounds = 5;
  for (int round = 0; round < kRounds; ++round) {
    Mat3 sum{{0, 0, 0, 0, 0, 0, 0, 0, 0}};
    for (const size_t i : best) {
      for (size_t k = 0; k < 9; ++k) sum.values[k] += turns[i].values[k];
    }
    turn = nearest_rotation(sum);
    best = near(turn);
  }
  return best;
}

// An image shows turn x + move at pose `given`, and the same as x at pose `found`: each image tells the two components of the move that it shows.
Vec3 move_between(const std::vector<Pose>& given, const std::vector<Pose>& found, const std::vector<size_t>& those) {
  Mat3 normal{{0, 0, 0, 0, 0, 0, 0, 0, 0}};
  Vec3 right;
  for (const size_t i : those) {
    const double difference[2] = {found[i].shift_x - given[i].shift_x, found[i].shift_y - given[i].shift_y};
    for (int k = 0; k < 2; ++k) {
      const Vec3 axis = given[i].rotation.row(k);
      right += difference[k] * axis;
      for (int a = 0; a < 3; ++a) {
        for (int b = 0; b < 3; ++b) normal(a, b) += axis[a] * axis[b];
      }
    }
  }
  // Views from one side alone leave the depth open: it stays zero.
  for (int a = 0; a < 3; ++a) normal(a, a) += 1e-3 * double(those.size());
  return solved(normal, right);
}

// Images moved so that what stood at each one's shift stands at the centre.
Tensor centred_images(const ParticleBatch& batch) {
  const int64_t box = batch.images.size(-1);
  std::vector<float> pixel;
  for (const ParticleOptics& p : batch.optics) pixel.push_back(float(p.optics.pixel_size));
  const Tensor shift = batch.shift / tensor_from(pixel, {batch.size(), 1});  // pixels
  const Tensor kx = at::fft_rfftfreq(box), ky = at::fft_fftfreq(box);
  const Tensor angle = 2 * kPi * (shift.select(1, 0).reshape({-1, 1, 1}) * kx + shift.select(1, 1).reshape({-1, 1, 1}) * ky.unsqueeze(1));
  return at::fft_irfft2(at::fft_rfft2(batch.images) * at::polar(at::ones_like(angle), angle), {{box, box}}).contiguous();
}

// The given pose and the best found one of each image that has one.
struct PosePairs {
  std::vector<Pose> given, found;

  void add(const Poses& poses, const std::vector<std::vector<PoseCandidate>>& candidates) {
    for (size_t i = 0; i < candidates.size(); ++i) {
      if (candidates[i].empty()) continue;
      given.push_back(poses.at(int64_t(i)));
      found.push_back(candidates[i].front().pose);
    }
  }
  Placement placement() const { return placement_between(given, found); }
};

}  // namespace

bool Placement::agreed() const { return agreeing >= kFewest && share() >= kAgreed; }

bool Placement::doubtful() const { return share() < kDoubtful; }

bool Placement::in_place() const { return !mirrored && norm(vector_from_rotation(transform.rotation)) < radians(6) && norm(transform.translation) < 3; }

Pose unmirrored(const Pose& pose) {
  Pose other = pose;
  for (const int k : {2, 5, 6, 7}) other.rotation.values[size_t(k)] *= -1;  // diag(1, 1, -1) on both sides
  return other;
}

Placement placement_between(const std::vector<Pose>& given, const std::vector<Pose>& found) {
  Placement best;
  for (const bool mirrored : {false, true}) {
    std::vector<Pose> poses;
    std::vector<Mat3> turns;
    for (size_t i = 0; i < given.size(); ++i) {
      poses.push_back(mirrored ? unmirrored(given[i]) : given[i]);
      turns.push_back(transposed(poses[i].rotation) * found[i].rotation);
    }
    Placement placement;
    const std::vector<size_t> those = most_agreed(turns, placement.transform.rotation);
    placement.particles = int64_t(given.size());
    placement.agreeing = int64_t(those.size());
    placement.mirrored = mirrored;
    if (placement.agreeing <= best.agreeing) continue;
    placement.transform.translation = move_between(poses, found, those);
    best = placement;
  }
  return best;
}

Placement placement_nearby(const ImageModel& images, const std::vector<ParticleBatch>& batches, const Tensor& conformation, const PoseGrid& grid) {
  const PoseFinder finder(images, conformation.reshape({1, -1, 3}), grid);
  PosePairs pairs;
  for (const ParticleBatch& batch : batches) {
    std::vector<std::vector<PoseCandidate>> starts;
    for (int64_t i = 0; i < batch.size(); ++i) starts.push_back({{0, batch.poses().at(i), 0}});
    pairs.add(batch.poses(), finder.climb(batch, starts, 1));
  }
  return pairs.placement();
}

Placement find_placement(const ImageModel& images, const std::vector<ParticleBatch>& batches, const Tensor& conformation, const PoseGrid& grid) {
  at::NoGradGuard guard;
  PoseGrid wide = grid;
  wide.shift_range = std::max(grid.shift_range, kReach);
  std::vector<ParticleBatch> centred = batches;
  int64_t count = 0;
  for (ParticleBatch& batch : centred) {
    batch.images = centred_images(batch);
    batch.shift = at::zeros_like(batch.shift);
    count += batch.size();
  }
  ImageModel calibrated = images;
  calibrate_without_poses(calibrated, centred, conformation, wide);
  PoseFinder finder(calibrated, conformation.reshape({1, -1, 3}), wide);
  PosePairs pairs;
  Progress progress("looking how the structure stands", count, "particles");
  for (const ParticleBatch& batch : centred) {
    pairs.add(batch.poses(), finder.find(batch, kPeaks, 1));
    if (stop_requested()) throw Interrupted("stopped while looking how the structure stands; nothing was written");
    progress.advance(batch.size());
  }
  progress.finish();
  return pairs.placement();
}

}  // namespace cryomer
