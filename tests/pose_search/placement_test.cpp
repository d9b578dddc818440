#include "cryomer/pose_search/placement.h"

#include "cryomer/base/units.h"
#include "pose_search/small_molecule.h"
#include "testing.h"

namespace cryomer {
namespace {

using namespace testing;

const PoseGrid kGrid{15, 12, 4, 2};
// How the structure that is searched with stands against the poses.
const RigidTransform kPlace{rotation_from_vector({0.4, -1.3, 0.8}), {2, -3, 4}};

// Poses of images that show kPlace of a structure, and poses under which the structure itself shows the same: `right` of them within some
// degrees and A, the others anywhere.
struct TwoPoses {
  std::vector<Pose> given, found;
};
TwoPoses two_poses(int count, double right) {
  TwoPoses poses;
  Random random(3);
  for (int i = 0; i < count; ++i) {
    const Pose given{random_rotation(random), 5 * random.normal(), 5 * random.normal()};
    const Vec3 shift = given.rotation * kPlace.translation;
    Pose found{given.rotation * kPlace.rotation, given.shift_x + shift.x, given.shift_y + shift.y};
    const double turn = radians(3);
    found.rotation = rotation_from_vector({turn * random.normal(), turn * random.normal(), turn * random.normal()}) * found.rotation;
    found.shift_x += random.normal();
    found.shift_y += random.normal();
    if (i >= right * count) found = {random_rotation(random), 5 * random.normal(), 5 * random.normal()};
    poses.given.push_back(given);
    poses.found.push_back(found);
  }
  return poses;
}

TEST(Placement, IsWhatMostPosesDifferBy) {
  for (const double right : {1.0, 0.3}) {
    const TwoPoses poses = two_poses(400, right);
    const Placement placement = placement_between(poses.given, poses.found);
    EXPECT_TRUE(placement.agreed());
    EXPECT_FALSE(placement.mirrored || placement.doubtful() || placement.in_place());
    EXPECT_EQ(placement.particles, 400);
    EXPECT_NEAR(placement.share(), right, 0.02);
    EXPECT_LT(rotation_distance(placement.transform.rotation, kPlace.rotation), radians(1.5));
    EXPECT_LT(norm(placement.transform.translation - kPlace.translation), 0.5);
  }
}

TEST(Placement, IsNoneOfPosesThatHaveNothingInCommon) {
  const TwoPoses poses = two_poses(400, 0);
  const Placement placement = placement_between(poses.given, poses.found);
  EXPECT_FALSE(placement.agreed());
  EXPECT_LT(placement.share(), 0.05);
  EXPECT_FALSE(placement_between({}, {}).agreed());
  // Five of five are too few to be believed.
  const TwoPoses few = two_poses(5, 1);
  EXPECT_EQ(placement_between(few.given, few.found).agreeing, 5);
  EXPECT_FALSE(placement_between(few.given, few.found).agreed());
}

TEST(Placement, KnowsPosesOfTheOtherHand) {
  TwoPoses poses = two_poses(400, 0.5);
  for (Pose& pose : poses.given) pose = unmirrored(pose);
  const Placement placement = placement_between(poses.given, poses.found);
  EXPECT_TRUE(placement.mirrored);
  EXPECT_NEAR(placement.share(), 0.5, 0.02);
  EXPECT_LT(rotation_distance(placement.transform.rotation, kPlace.rotation), radians(1.5));
  EXPECT_LT(norm(placement.transform.translation - kPlace.translation), 0.5);
}

TEST(Placement, UnmirroredHasTheTiltNegated) {
  const EulerAngles angles{0.7, 1.1, -2.2};
  const Pose pose = unmirrored({rotation_from_euler(angles), 1, 2});
  EXPECT_LT(rotation_distance(pose.rotation, rotation_from_euler({angles.rot, -angles.tilt, angles.psi})), 1e-6);
  EXPECT_EQ(pose.shift_x, 1);
  // A projection of the mirror image is one of the structure.
  ParticleBatch batch = small_particles(6, 1, false), mirrored = batch;
  for (int64_t i = 0; i < batch.size(); ++i) mirrored.poses().put(i, unmirrored(batch.poses().at(i)));
  const Tensor mirror = small_molecule() * tensor_from(std::vector<float>{1, 1, -1}, {1, 3});
  const Tensor image = small_model().predict(mirror, mirrored, at::ones({6}));
  EXPECT_LT((image - batch.images).abs().max().item<float>(), 1e-4 * batch.images.abs().max().item<float>());
}

TEST(Placement, IsFoundFromImages) {
  // The images show the molecule; the structure at hand is turned and moved, and the images stand off their centres.
  ParticleBatch batch = small_particles(120, 30, false);
  batch.shift += 8;
  batch.images = small_model().predict(small_molecule(), batch, at::full({120}, 30.0f)) + small_model().noise_images(batch, Random(77));
  const RigidTransform away = inverse(kPlace);
  const Tensor shown = small_molecule()[0];
  Tensor structure = at::empty_like(shown);
  for (int64_t a = 0; a < shown.size(0); ++a) {
    const float* const x = shown.data_ptr<float>() + 3 * a;
    const Vec3 moved = away.apply({x[0], x[1], x[2]});
    for (int k = 0; k < 3; ++k) structure.data_ptr<float>()[3 * a + k] = float(moved[k]);
  }
  const ImageModel model = small_model();
  const Placement placement = find_placement(model, {batch}, structure, kGrid);
  EXPECT_GT(placement.share(), 0.7);
  EXPECT_FALSE(placement.mirrored);
  EXPECT_LT(rotation_distance(placement.transform.rotation, kPlace.rotation), radians(3));
  EXPECT_LT(norm(placement.transform.translation - kPlace.translation), 1);
  EXPECT_EQ(model.scale.mean.front(), 1);

  for (int64_t i = 0; i < batch.size(); ++i) batch.poses().put(i, unmirrored(batch.poses().at(i)));
  EXPECT_TRUE(find_placement(model, {batch}, structure, kGrid).mirrored);

  // Another molecule of the same extent and mass: its long axis agrees, no more.
  const Tensor another = at::cat({shown.slice(-1, 0, 1).roll(1, 0), shown.slice(-1, 1, 3)}, -1);
  EXPECT_LT(find_placement(model, {batch}, another, kGrid).share(), 0.3);
}

}  // namespace
}  // namespace cryomer
