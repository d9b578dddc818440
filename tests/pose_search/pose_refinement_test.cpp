#include "cryomer/pose_search/pose_refinement.h"

#include "cryomer/base/units.h"
#include "pose_search/small_molecule.h"
#include "testing.h"

namespace cryomer {
namespace {

using namespace testing;

ViewIndex one_view_each(int64_t count) { return {at::zeros({count}, at::kLong), at::arange(count, at::kLong)}; }

TEST(Turned, AgreesWithTheFiniteTurnToFirstOrder) {
  const ParticleBatch batch = small_particles(5, 1, false);
  Tensor turn = at::empty({5, 3});
  Random(2).fill_normal(turn.data_ptr<float>(), 15);
  const Tensor small = 1e-3 * turn;
  EXPECT_LT((turned(batch.rotation, small) - turned_exactly(batch.rotation, small)).abs().max().item<float>(), 2e-5);
  const Tensor large = turned_exactly(batch.rotation, turn);
  const Tensor product = at::matmul(large, large.transpose(1, 2));
  EXPECT_LT((product - at::eye(3)).abs().max().item<float>(), 1e-5);
  EXPECT_GT((large - batch.rotation).abs().max().item<float>(), 0.3);
}

TEST(MoleculeRadius, IsTheRadiusOfGyration) {
  const Tensor x = tensor_from(std::vector<float>{1, 0, 0, -1, 0, 0, 0, 3, 0, 0, -3, 0}, {1, 4, 3});
  EXPECT_NEAR(molecule_radius(x + 5), std::sqrt(5.0), 1e-5);
}

TEST(RefinePoses, ComesBackToTheTruePose) {
  const ImageModel model = small_model(60);
  const ParticleBatch batch = small_particles(12, 60);
  const ObservedBatch observed = model.observe(batch);
  Tensor turn = at::empty({12, 3}), move = at::empty({12, 2});
  Random random(9);
  random.fill_normal(turn.data_ptr<float>(), 36);
  random.fill_normal(move.data_ptr<float>(), 24);
  const Poses start{turned_exactly(batch.rotation, 0.1 * turn), batch.shift + 1.5 * move};
  const RefinedPoses found = refine_poses(model, observed, small_molecule(), one_view_each(12), start, {40, 1.0, 0.02});
  int back = 0;
  for (int64_t i = 0; i < 12; ++i) {
    ParticleBatch posed = batch;
    posed.rotation = found.poses.rotation;
    posed.shift = found.poses.shift;
    const Pose pose = posed.poses().at(i), truth = batch.poses().at(i);
    back += rotation_distance(pose.rotation, truth.rotation) < radians(2.5) &&
            std::hypot(pose.shift_x - truth.shift_x, pose.shift_y - truth.shift_y) < 0.4;
  }
  EXPECT_GE(back, 11);
}

TEST(RefinePoses, IsNeverWorseThanTheStartAndSaysHowGoodItIs) {
  const ImageModel model = small_model(2);
  const ParticleBatch batch = small_particles(10, 2);
  const ObservedBatch observed = model.observe(batch);
  const ViewIndex views = one_view_each(10);
  const Poses start{batch.rotation, batch.shift};
  auto value = [&](const Poses& p) { return model.log_likelihood(small_molecule(), p.rotation, p.shift, views, observed).log_likelihood; };
  const RefinedPoses found = refine_poses(model, observed, small_molecule(), views, start, {5, 8.0, 8.0});  // steps far too long
  EXPECT_TRUE(at::allclose(found.log_likelihood, value(found.poses), 1e-4, 1e-3));
  EXPECT_GE((found.log_likelihood - value(start)).min().item<float>(), -1e-3);
}

// What Laplace's approximation says is what noise does: the best poses of noisy images scatter by it.
TEST(PoseDeviations, AreHowFarNoiseMovesTheBestPose) {
  const int64_t count = 1000;  // the median is then known to 4 %
  const ImageModel model = small_model(10);
  const ParticleBatch batch = small_particles(count, 10);
  const Tensor said = pose_deviations(model, {batch}, small_molecule());
  const RefinedPoses best =
      refine_poses(model, model.observe(batch), small_molecule(), one_view_each(count), {batch.rotation, batch.shift}, {40, 0.3, 0.01});
  const Tensor moved = best.poses.shift - batch.shift;
  // Of Gaussian scatter; images on which the pose has run away to another peak do not count.
  for (int64_t axis = 0; axis < 2; ++axis) {
    const double median = moved.select(1, axis).abs().median().item<double>();
    EXPECT_NEAR(median / 0.6745, said[3 + axis].item<double>(), 0.25 * said[3 + axis].item<double>()) << axis;
  }
  EXPECT_GT(said.min().item<double>(), 0.03);
  EXPECT_LT(said.slice(0, 3).max().item<double>(), 1);
  // Twice the signal, half the width.
  const Tensor brighter = pose_deviations(small_model(20), {small_particles(count, 20)}, small_molecule());
  EXPECT_NEAR(brighter[3].item<double>(), said[3].item<double>() / 2, 0.15 * said[3].item<double>());
}

// Views a little off their best poses, each with a conformation of its own, come nearer to them, and none fits worse than before.
TEST(FollowConformations, GoesTowardsEachOnesBestPose) {
  constexpr int64_t kCount = 200;
  const ImageModel model = small_model(20);
  const ParticleBatch batch = small_particles(kCount, 20);
  const ObservedBatch observed = model.observe(batch);
  const Tensor deviation = pose_deviations(model, {batch}, small_molecule()), image = at::arange(kCount, at::kLong);
  const double radius = molecule_radius(small_molecule());
  Tensor off = at::empty({kCount, 5});
  Random(3).fill_normal(off.data_ptr<float>(), size_t(off.numel()));
  off *= 1.5 * deviation;
  const Poses start{turned_exactly(batch.rotation, off.slice(1, 0, 3) / radius), batch.shift + off.slice(1, 3)};
  // Every other conformation stands elsewhere: its best pose is a shift away.
  const Tensor aside = at::zeros({kCount, 1, 3});
  for (int64_t i = 0; i < kCount; i += 2) aside[i][0][0] = 0.3;
  const Tensor positions = (small_molecule() + aside).contiguous();
  const ViewIndex index{image, image};
  const auto value = [&](const Poses& p) { return model.log_likelihood(positions, p.rotation, p.shift, index, observed).log_likelihood; };
  const FollowingPoses following = follow_conformations(model, observed, positions, image, start, deviation, radius);
  EXPECT_GE((value(following.poses) - value(start)).min().item<float>(), -1e-3);
  const RefinedPoses best = refine_poses(model, observed, small_molecule(), one_view_each(kCount), start, {40, 0.3, 0.01});
  const Tensor at_best = best.log_likelihood;  // about as high as the shifted ones can get, too
  const double before = (at_best - value(start)).median().item<double>(), after = (at_best - value(following.poses)).median().item<double>();
  EXPECT_GT(before, 3);  // nats
  EXPECT_LT(after, 0.3 * before);
  // What it says it went is where it went, and not farther than two deviations.
  EXPECT_TRUE(at::allclose(following.poses.shift, start.shift + following.move.slice(1, 3), 1e-5, 1e-6));
  EXPECT_LE((following.move.abs() / deviation).max().item<float>(), 2.001);
  const Tensor again = follow_conformations(model, observed, positions, image, following.poses, deviation, radius).move;
  EXPECT_LT(again.abs().median().item<float>(), 0.6 * following.move.abs().median().item<float>());
}

}  // namespace
}  // namespace cryomer
