#include "cryomer/evaluation/pose_errors.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/error.h"
#include "cryomer/base/units.h"
#include "cryomer/evaluation/median.h"
#include "cryomer/geometry/symmetric_eigen.h"

namespace cryomer {

namespace {

constexpr int kRounds = 20;  // of reweighting

void check(const std::vector<Pose>& estimated, const std::vector<Pose>& truth) {
  if (estimated.empty() || estimated.size() != truth.size()) {
    fail("{} estimated and {} true poses, expected one of each for every particle", estimated.size(),
         truth.size());
  }
}

PoseErrorFigures figures(const std::vector<Pose>& estimated, const std::vector<Pose>& truth) {
  std::vector<double> angle, shift;
  int64_t within = 0;
  for (size_t i = 0; i < estimated.size(); ++i) {
    angle.push_back(degrees(rotation_distance(estimated[i].rotation, truth[i].rotation)));
    shift.push_back(
        std::hypot(estimated[i].shift_x - truth[i].shift_x, estimated[i].shift_y - truth[i].shift_y));
    within += angle.back() <= 10;
  }
  return {median(angle), static_cast<double>(within) / static_cast<double>(angle.size()), median(shift)};
}

// The translation t with true shift = estimated shift + (R t)_xy, R the estimated rotation: a model that lies
// moved by t needs shifts that take it back. Least mean residual by reweighted least squares, as for the
// rotation.
Vec3 best_frame_translation(const std::vector<Pose>& estimated, const std::vector<Pose>& truth) {
  Vec3 t;
  std::vector<double> weight(estimated.size(), 1.0);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> normal(9, 0.0);
    Vec3 right;
    for (size_t i = 0; i < estimated.size(); ++i) {
      const Mat3& r = estimated[i].rotation;
      const double difference[2] = {truth[i].shift_x - estimated[i].shift_x,
                                    truth[i].shift_y - estimated[i].shift_y};
      for (int row = 0; row < 2; ++row) {
        for (int p = 0; p < 3; ++p) {
          right[p] += weight[i] * r(row, p) * difference[row];
          for (int q = 0; q < 3; ++q) normal[3 * p + q] += weight[i] * r(row, p) * r(row, q);
        }
      }
    }
    const SymmetricEigen eigen = symmetric_eigen(normal, 3);
    t = {};
    for (int k = 0; k < 3; ++k) {
      // Along a direction that no view shows the model stays where it is.
      if (eigen.values[k] < 1e-9 * eigen.values[2]) continue;
      const Vec3 v{eigen.vectors[3 * k], eigen.vectors[3 * k + 1], eigen.vectors[3 * k + 2]};
      t += (dot(v, right) / eigen.values[k]) * v;
    }
    for (size_t i = 0; i < estimated.size(); ++i) {
      const Vec3 moved = estimated[i].rotation * t;
      const double residual = std::hypot(estimated[i].shift_x + moved.x - truth[i].shift_x,
                                         estimated[i].shift_y + moved.y - truth[i].shift_y);
      weight[i] = 1 / std::max(residual, 0.05);
    }
  }
  return t;
}

}  // namespace

Mat3 best_frame_rotation(const std::vector<Pose>& estimated, const std::vector<Pose>& truth) {
  check(estimated, truth);
  std::vector<Quaternion> relative;
  for (size_t i = 0; i < estimated.size(); ++i) {
    relative.push_back(quaternion_from_rotation(transposed(estimated[i].rotation) * truth[i].rotation));
  }
  std::vector<double> weight(relative.size(), 1.0);
  Mat3 best;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> sum(16, 0.0);
    for (size_t i = 0; i < relative.size(); ++i) {
      const double q[4] = {relative[i].w, relative[i].x, relative[i].y, relative[i].z};
      for (int a = 0; a < 4; ++a) {
        for (int b = 0; b < 4; ++b) sum[4 * a + b] += weight[i] * q[a] * q[b];
      }
    }
    const SymmetricEigen eigen = symmetric_eigen(sum, 4);
    const double* top = &eigen.vectors[12];
    best = rotation_from_quaternion({top[0], top[1], top[2], top[3]});
    for (size_t i = 0; i < relative.size(); ++i) {
      const Quaternion& q = relative[i];
      const double cosine = std::abs(q.w * top[0] + q.x * top[1] + q.y * top[2] + q.z * top[3]);
      weight[i] = 1 / std::max(std::sqrt(std::max(0.0, 1 - cosine * cosine)), radians(0.5));
    }
  }
  return best;
}

PoseErrors pose_errors(const std::vector<Pose>& estimated, const std::vector<Pose>& truth) {
  check(estimated, truth);
  PoseErrors errors;
  errors.direct = figures(estimated, truth);
  errors.frame_rotation = best_frame_rotation(estimated, truth);
  errors.frame_translation = best_frame_translation(estimated, truth);
  std::vector<Pose> aligned = estimated;
  for (Pose& pose : aligned) {
    const Vec3 moved = pose.rotation * errors.frame_translation;
    pose.shift_x += moved.x;
    pose.shift_y += moved.y;
    pose.rotation = pose.rotation * errors.frame_rotation;
  }
  errors.aligned = figures(aligned, truth);
  return errors;
}

}  // namespace cryomer
