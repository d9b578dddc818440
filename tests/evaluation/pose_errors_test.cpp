#include "cryomer/evaluation/pose_errors.h"

#include <cmath>

#include "cryomer/base/units.h"
#include "testing.h"

namespace cryomer {
namespace {

std::vector<Pose> random_poses(int n, Random& random) {
  std::vector<Pose> poses(n);
  for (Pose& pose : poses) pose = {random_rotation(random), 2 * random.normal(), 2 * random.normal()};
  return poses;
}

Vec3 random_direction(Random& random) {
  return normalized({random.normal(), random.normal(), random.normal()});
}

TEST(PoseErrors, AreTheAnglesAndShiftsBetween) {
  Random random(1);
  const std::vector<Pose> truth = random_poses(5, random);
  std::vector<Pose> estimated = truth;
  const double angles[] = {1, 4, 9, 11, 90}, shifts[] = {3, 0, 1, 4, 2};
  for (int i = 0; i < 5; ++i) {
    estimated[i].rotation =
        estimated[i].rotation * rotation_from_vector(radians(angles[i]) * random_direction(random));
    estimated[i].shift_x += 0.6 * shifts[i];
    estimated[i].shift_y -= 0.8 * shifts[i];
  }
  const PoseErrors errors = pose_errors(estimated, truth);
  EXPECT_NEAR(errors.direct.median_deg, 9, 1e-6);
  EXPECT_NEAR(errors.direct.within_10deg, 0.6, 1e-12);
  EXPECT_NEAR(errors.direct.shift_median_A, 2, 1e-9);
}

// Poses of a model that lies rotated and moved: x_estimated = Q x_true + t puts the same atoms into the same
// places.
TEST(PoseErrors, AlignedForgetTheFrameOfTheModel) {
  Random random(2);
  const std::vector<Pose> truth = random_poses(200, random);
  const Mat3 q = rotation_from_vector(radians(70) * random_direction(random));
  const Vec3 t{3, -2, 5};
  std::vector<Pose> estimated = truth;
  for (Pose& pose : estimated) {
    const Pose original = pose;
    pose.rotation = original.rotation * transposed(q);
    const Vec3 moved = pose.rotation * t;
    pose.shift_x -= moved.x;
    pose.shift_y -= moved.y;
    const Vec3 atom{7, 8, -9};
    const Vec3 before = original.rotation * atom, after = pose.rotation * (q * atom + t);
    ASSERT_NEAR(before.x + original.shift_x, after.x + pose.shift_x, 1e-9);
    ASSERT_NEAR(before.y + original.shift_y, after.y + pose.shift_y, 1e-9);
  }
  PoseErrors errors = pose_errors(estimated, truth);
  EXPECT_NEAR(errors.direct.median_deg, 70, 1e-6);
  EXPECT_GT(errors.direct.shift_median_A, 2);
  EXPECT_NEAR(errors.aligned.median_deg, 0, 1e-5);
  EXPECT_NEAR(errors.aligned.shift_median_A, 0, 1e-6);
  EXPECT_NEAR(rotation_distance(errors.frame_rotation, q), 0, 1e-6);
  EXPECT_NEAR(norm(errors.frame_translation - t), 0, 1e-6);

  // Two fifths of the poses wrong: the frame is still found from the others.
  for (size_t i = 0; i < estimated.size(); i += 5) {
    estimated[i].rotation = random_rotation(random);
    estimated[i + 1].rotation = estimated[i + 1].rotation * rotation_from_vector({0, 0, 1.5});
  }
  errors = pose_errors(estimated, truth);
  EXPECT_LT(rotation_distance(errors.frame_rotation, q), radians(1));
  EXPECT_LT(norm(errors.frame_translation - t), 0.2);
  EXPECT_LT(errors.aligned.median_deg, 1);
}

// Markley's average is exact for two rotations about one axis: half way.
TEST(BestFrameRotation, IsInTheMiddle) {
  std::vector<Pose> estimated(2), truth(2);
  truth[0].rotation = rotation_from_vector({0, 0, 0.1});
  truth[1].rotation = rotation_from_vector({0, 0, 0.3});
  EXPECT_NEAR(rotation_distance(best_frame_rotation(estimated, truth), rotation_from_vector({0, 0, 0.2})), 0,
              1e-6);
}

TEST(PoseErrors, TakePosesThatDoNotShowAllDirections) {
  std::vector<Pose> truth(3), estimated(3);
  for (int i = 0; i < 3; ++i) {
    truth[i].rotation = estimated[i].rotation = rotation_from_vector({0, 0, 0.5 * i});
    const Vec3 moved = estimated[i].rotation * Vec3{1, 2, 3};
    estimated[i].shift_x = -moved.x;
    estimated[i].shift_y = -moved.y;
  }
  const PoseErrors errors = pose_errors(estimated, truth);
  EXPECT_NEAR(errors.aligned.shift_median_A, 0, 1e-6);
  EXPECT_NEAR(norm(errors.frame_translation - Vec3{1, 2, 0}), 0, 1e-6);
}

TEST(PoseErrors, NeedOnePoseOfEachSide) {
  EXPECT_NE(testing::error_of([] {
              pose_errors(std::vector<Pose>(2), std::vector<Pose>(3));
            }).find("2 estimated and 3 true poses"),
            std::string::npos);
  testing::error_of([] { pose_errors({}, {}); });
}

}  // namespace
}  // namespace cryomer
