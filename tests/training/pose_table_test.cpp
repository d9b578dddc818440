#include "cryomer/training/pose_table.h"

#include <cmath>

#include "cryomer/base/units.h"
#include "testing.h"

namespace cryomer {
namespace {

Mat3 tilted(double deg) { return rotation_from_euler({0, radians(deg), 0}); }

// Two particles with three slots; bounds 10, 9 and nothing, and nothing, 5 and -20.
PoseTable table() {
  PoseTable t(2, 3);
  t.put(0, 0, {tilted(10), 1, 2}, 10);
  t.put(0, 1, {tilted(40), 3, 4}, 9);
  t.put(1, 1, {tilted(70), 5, 6}, 5);
  t.put(1, 2, {tilted(90), 7, 8}, -20);
  return t;
}

TEST(PoseTable, WeighsCandidatesByTheirBounds) {
  const PoseTable t = table();
  const std::vector<double> first = t.weights(0, 1), second = t.weights(1, 1), hot = t.weights(1, 25);
  EXPECT_NEAR(first[0], 1 / (1 + std::exp(-1)), 1e-6);
  EXPECT_NEAR(first[0] + first[1], 1, 1e-12);
  EXPECT_EQ(first[2], 0);
  EXPECT_EQ(second, (std::vector<double>{0, 1, 0}));  // 25 nats less is nothing
  EXPECT_NEAR(hot[2] / hot[1], std::exp(-1), 1e-6);
  EXPECT_EQ(t.best_slot(0), 0);
  EXPECT_EQ(t.best_slot(1), 1);
  EXPECT_TRUE(t.filled(1, 2));
  EXPECT_FALSE(t.filled(1, 0));
}

TEST(PoseTable, ShowsABatchAtEachCandidateThatMatters) {
  const PoseTable t = table();
  ParticleBatch batch;
  batch.images = at::arange(8, at::kFloat).reshape({2, 2, 2});
  batch.rotation = at::zeros({2, 3, 3});
  batch.shift = at::zeros({2, 2});
  batch.optics.resize(2);
  batch.optics[0].optics.pixel_size = 1.5;
  batch.optics_group = {4, 5};
  batch.particle = {1, 0};
  const CandidateViews views = candidate_views(batch, t, 1);
  EXPECT_EQ(views.images, 2);
  EXPECT_TRUE(at::equal(views.rows, tensor_from(std::vector<int64_t>{4, 0, 1})));
  EXPECT_NEAR(views.weight.sum().item<float>(), 2, 1e-6);
  EXPECT_EQ(views.batch.particle, (std::vector<int64_t>{1, 0, 0}));
  EXPECT_EQ(views.batch.optics_group, (std::vector<int>{4, 5, 5}));
  EXPECT_EQ(views.batch.optics[0].optics.pixel_size, 1.5);
  EXPECT_TRUE(at::equal(views.batch.images[2], batch.images[1]));
  EXPECT_TRUE(at::equal(views.batch.shift, tensor_from(std::vector<float>{5, 6, 1, 2, 3, 4}, {3, 2})));
  EXPECT_NEAR(views.batch.rotation[0][0][2].item<double>(), tilted(70)(0, 2), 1e-6);
}

TEST(PoseTable, FollowsConformationsHalfWay) {
  PoseTable t = table();
  t.follow(tensor_from(std::vector<int64_t>{1}), tensor_from(std::vector<float>{2, 0, 0, 1, -0.5f}, {1, 5}), 10);
  EXPECT_LT(rotation_distance(t.pose(0, 1).rotation, rotation_from_vector({0.1, 0, 0}) * tilted(40)), 1e-3);
  EXPECT_NEAR(t.pose(0, 1).shift_x, 3.5, 1e-5);
  EXPECT_NEAR(t.pose(0, 1).shift_y, 3.75, 1e-5);
  // Others stay.
  EXPECT_LT(rotation_distance(t.pose(0, 0).rotation, tilted(10)), 1e-3);
  EXPECT_EQ(t.pose(1, 1).shift_x, 5);
}

TEST(PoseTable, RemembersBoundsSmoothly) {
  PoseTable t = table();
  const Tensor rows = tensor_from(std::vector<int64_t>{1});
  for (int i = 0; i < 30; ++i) t.remember_bounds(rows, at::full({1}, 20.0f));
  EXPECT_NEAR(t.bound_of(0, 1), 20, 0.01);
  EXPECT_EQ(t.best_slot(0), 1);
  EXPECT_EQ(t.bound_of(0, 0), 10);
}

TEST(ViewSpread, FindsThePreferredAxis) {
  PoseTable even(2000, 1), crowded(2000, 1);
  Random random(3);
  for (int64_t i = 0; i < 2000; ++i) {
    even.put(i, 0, {random_rotation(random), 0, 0}, 0);
    // Views along x, from both sides, with two in five anywhere.
    const double rot = i % 2 ? 0 : 180;
    crowded.put(i, 0, {i % 5 < 2 ? random_rotation(random) : rotation_from_euler({radians(rot), radians(90), random.normal()}), 0, 0}, 0);
  }
  EXPECT_NEAR(view_spread(even).near_axis, 1 - std::cos(radians(30)), 0.03);
  const ViewSpread spread = view_spread(crowded);
  EXPECT_NEAR(std::abs(spread.axis.x), 1, 0.02);
  EXPECT_NEAR(spread.near_axis, 0.6 + 0.4 * 0.134, 0.03);
}

TEST(PoseFigures, CountEffectiveCandidates) {
  PoseTable t(2, 2);
  t.put(0, 0, {tilted(0), 0, 0}, 3);
  t.put(0, 1, {tilted(50), 0, 0}, 3);
  t.put(1, 0, {tilted(0), 0, 0}, 3);
  const PoseFigures figures = pose_figures(t, {0, 1});
  EXPECT_NEAR(figures.effective_candidates, 1.5, 1e-6);
  EXPECT_NEAR(figures.entropy, 0.5 * std::log(2), 1e-6);
  EXPECT_NEAR(figures.best_weight, 0.75, 1e-6);
}

}  // namespace
}  // namespace cryomer
