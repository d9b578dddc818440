#include "cryomer/model/pose_network.h"

#include <gtest/gtest.h>

#include "cryomer/geometry/rotation.h"

namespace cryomer {
namespace {

struct Scene {
  ParameterSet parameters{7};
  PoseNetwork network{PoseNetworkConfig{true, 2.5, {32, 32, 32}}, 12, 20, parameters};
  Tensor encoded = at::randn({3, 12}), representation = at::randn({6, 20});
};

TEST(PoseNetwork, MakesRotationsOfTwoVectorsAsTheGeometryDoes) {
  const Scene scene;
  const Tensor latents = at::randn({20, 8});
  const Poses poses = scene.network.poses(latents);
  for (int64_t v = 0; v < 20; ++v) {
    const float* const z = latents.data_ptr<float>() + 8 * v;
    const Mat3 expected = rotation_from_two_vectors({z[2], z[3], z[4]}, {z[5], z[6], z[7]});
    for (int k = 0; k < 9; ++k) EXPECT_NEAR(poses.rotation[v][k / 3][k % 3].item<double>(), expected.values[k], 1e-5);
    EXPECT_NEAR(poses.shift[v][0].item<double>(), 2.5 * z[0], 1e-5);
    EXPECT_NEAR(poses.shift[v][1].item<double>(), 2.5 * z[1], 1e-5);
  }
}

// Turning angles of uniform rotations have the density (1 - cos w) / pi: their mean is pi/2 + 2/pi.
TEST(PoseNetwork, HasUniformRotationsUnderThePrior) {
  const Scene scene;
  at::manual_seed(3);
  const int64_t draws = 4000;
  const Tensor rotation = scene.network.poses(at::randn({draws, 8})).rotation;
  const Tensor trace = rotation.diagonal(0, 1, 2).sum(1);
  const double mean = at::acos(((trace - 1) / 2).clamp(-1, 1)).mean().item<double>();
  EXPECT_NEAR(mean, M_PI / 2 + 2 / M_PI, 5 * 0.65 / std::sqrt(double(draws)));
}

TEST(PoseNetwork, LooksAtTheImageAndAtTheConformation) {
  const Scene scene;
  const DiagonalGaussian pose = scene.network(scene.encoded, scene.representation);
  ASSERT_EQ(pose.mean.sizes(), (at::IntArrayRef{6, 8}));
  EXPECT_GT(pose.deviation.min().item<double>(), 0);
  // Samples 2 and 3 are of the second image.
  Tensor other = scene.encoded.clone();
  other[1] += at::randn({12});
  const Tensor moved = (scene.network(other, scene.representation).mean - pose.mean).abs().amax({1});
  EXPECT_GT(moved.slice(0, 2, 4).min().item<double>(), 1e-4);
  EXPECT_EQ(moved.slice(0, 0, 2).max().item<double>(), 0);
  EXPECT_EQ(moved.slice(0, 4, 6).max().item<double>(), 0);
  Tensor conformation = scene.representation.clone();
  conformation[5] += at::randn({20});
  const Tensor with = (scene.network(scene.encoded, conformation).mean - pose.mean).abs().amax({1});
  EXPECT_GT(with[5].item<double>(), 1e-4);
  EXPECT_EQ(with.slice(0, 0, 5).max().item<double>(), 0);
}

}  // namespace
}  // namespace cryomer
