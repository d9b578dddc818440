#include "cryomer/pose_search/pose_finder.h"

#include "cryomer/base/units.h"
#include "pose_search/small_molecule.h"
#include "testing.h"

namespace cryomer {
namespace {

using namespace testing;

const PoseGrid kGrid{15, 12, 4, 2};

// Share of the images that have their true pose among the candidates.
double recall(const std::vector<std::vector<PoseCandidate>>& found, const ParticleBatch& batch) {
  double hits = 0;
  for (int64_t i = 0; i < batch.size(); ++i) {
    for (const PoseCandidate& candidate : found[i]) {
      if (!near_each_other(candidate.pose, batch.poses().at(i), radians(6), 1.5)) continue;
      hits += 1.0 / double(batch.size());
      break;
    }
  }
  return hits;
}

TEST(PoseFinder, FindsTruePosesWithoutAnyStart) {
  const ImageModel model = small_model(60);
  const ParticleBatch batch = small_particles(40, 60);
  ParticleBatch blind = batch;
  blind.rotation = at::eye(3).expand({40, 3, 3}).clone();
  blind.shift = at::zeros({40, 2});
  EXPECT_GE(recall(PoseFinder(model, small_molecule(), kGrid).find(blind, 16, 4), batch), 0.95);
  // With another conformation to choose from, which on a grid so coarse may win near the true pose.
  const auto found = PoseFinder(model, small_molecule(2), kGrid).find(blind, 8, 3);
  int right_conformation = 0;
  for (const auto& candidates : found) {
    ASSERT_FALSE(candidates.empty());
    ASSERT_LE(candidates.size(), 3u);
    right_conformation += candidates[0].conformation == 0;
    for (size_t a = 1; a < candidates.size(); ++a) {
      EXPECT_LE(candidates[a].log_likelihood, candidates[a - 1].log_likelihood);
      EXPECT_FALSE(near_each_other(candidates[a].pose, candidates[0].pose, radians(7.4), 1.9));
    }
  }
  EXPECT_GE(right_conformation, 30);
}

TEST(PoseFinder, ServesImagesOfSeveralPixelSizes) {
  const ImageModel model = small_model(60);
  ParticleBatch batch = small_particles(8, 60);
  for (int64_t i = 4; i < 8; ++i) batch.optics[i].optics.pixel_size = 2.4;
  batch.images = model.predict(small_molecule(), batch, at::full({8}, 60.0f)) + model.noise_images(batch, Random(1));
  PoseFinder finder(model, small_molecule(), kGrid);
  EXPECT_GE(recall(finder.find(batch, 8, 3), batch), 0.85);
}

TEST(PoseFinder, FindsPosesAgainOnlyOfAStructureThatImagesShow) {
  ParticleBatch blind = small_particles(120, 15);
  blind.rotation = at::eye(3).expand({120, 3, 3}).clone();
  blind.shift = at::zeros({120, 2});
  const auto share = [&](const Tensor& molecule) {
    ImageModel model = small_model();
    calibrate_without_poses(model, {blind}, molecule, kGrid);
    return PoseFinder(model, molecule, kGrid).found_again({blind}, 8, Random(3));
  };
  // Another one of the same extent and mass: its long axis is found again, no more.
  const Tensor another = at::cat({small_molecule().slice(-1, 0, 1).roll(1, 1), small_molecule().slice(-1, 1, 3)}, -1);
  const double shown = share(small_molecule()), not_shown = share(another);
  EXPECT_GT(shown, 0.6);
  EXPECT_LT(not_shown, 0.3);
}

TEST(CalibrateWithoutPoses, FindsNoiseScaleAndSign) {
  for (const double scale : {15.0, -15.0}) {
    ParticleBatch batch = small_particles(120, scale);
    batch.images = batch.images * 3;  // noise of variance nine
    batch.rotation = at::eye(3).expand({120, 3, 3}).clone();
    batch.shift = at::zeros({120, 2});
    ImageModel model = small_model();
    calibrate_without_poses(model, {batch}, small_molecule(), kGrid);
    EXPECT_NEAR(model.scale.mean[0] / (3 * scale), 1, 0.1);
    EXPECT_NEAR(model.noise.power.slice(1, 2, 14).mean().item<double>() / 9, 1, 0.1);
  }
}

}  // namespace
}  // namespace cryomer
