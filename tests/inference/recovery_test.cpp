// What a model says can be found of its images: much where they are clean, nothing where they are noise.
#include "cryomer/inference/recovery.h"

#include <cmath>

#include "cryomer/inference/sampling.h"
#include "training/small_run.h"

namespace cryomer {
namespace {

struct Trained {
  std::unique_ptr<testing::SmallRun> run;
  TrainedModel model;

  explicit Trained(const TrainingConfig& config) {
    const std::string folder = testing::scratch_folder();
    run = std::make_unique<testing::SmallRun>(config, folder);
    run->trainer->run();
    model = load_trained_model({folder});
  }
  // With so many times the noise's power.
  Recovery with_noise(double power, int64_t images) {
    const Tensor before = model.model->images.noise.power;
    model.model->images.noise.power = before * power;
    Recovery recovery = recover(model, run->stack, images, 3);
    model.model->images.noise.power = before;
    return recovery;
  }
};

// Of the structures' length from end to end.
double correlation(const Trained& t, const Recovery& recovery) {
  const Structure& s = t.model.setup.structure;
  const int first = s.find_atom(0, "CA"), last = s.find_atom(s.residue_count() - 1, "CA");
  const auto lengths = [&](const Tensor& latents) {
    const Tensor x = decode_structures(t.model, latents);
    return (x.select(1, first) - x.select(1, last)).norm(2, 1);
  };
  return at::corrcoef(at::stack({lengths(recovery.drawn), lengths(recovery.found)}))[0][1].item<double>();
}

TEST(Recovery, OfConformationsDependsOnTheNoise) {
  Trained t(testing::small_config(testing::small_data(), 6));
  const Recovery clean = t.with_noise(0.05, 120), loud = t.with_noise(400, 120);
  EXPECT_EQ(clean.images(), 120);
  EXPECT_TRUE(at::equal(clean.drawn, t.model.model->prior.sample(120, 3)));
  EXPECT_GT(correlation(t, clean), 0.75);
  EXPECT_LT(std::abs(correlation(t, loud)), 0.3);
  // Given poses are known, and lent by particles all over the stack.
  EXPECT_EQ(clean.poses_found(0.1), 1);
  EXPECT_LT(rotation_distance(clean.drawn_poses[119].rotation, t.run->stack.pose(297).rotation), 1e-3);
  EXPECT_TRUE(at::equal(t.with_noise(0.05, 120).found, clean.found));
  EXPECT_EQ(t.with_noise(1, 1000).images(), 300);  // no more than there are particles
}

// Particles that were held out show how much of what was learned is there.
TEST(Recovery, ImagesShowTheStructuresAsStronglyAsParticlesDo) {
  TrainingConfig config = testing::small_config(testing::small_data(), 6);
  config.data.held_out_fraction = 0.4;
  Trained t(config);
  EXPECT_NEAR(t.with_noise(1, 120).strength, 1, 0.15);
  ScalePrior& scale = t.model.model->images.scale;
  const std::vector<double> mean = scale.mean, deviation = scale.deviation;
  const auto with_scale = [&](double factor) {
    for (size_t g = 0; g < mean.size(); ++g) scale.mean[g] = factor * mean[g], scale.deviation[g] = factor * deviation[g];
    return t.with_noise(1, 120);
  };
  const Recovery boastful = with_scale(1.6), modest = with_scale(0.6);
  EXPECT_NEAR(boastful.strength, 1 / 1.6, 0.12);
  EXPECT_GT(modest.strength, 1.3);
  config.data.held_out_fraction = 0;
  EXPECT_EQ(Trained(config).with_noise(1, 60).strength, 1);
}

TEST(Recovery, OfPosesDependsOnTheNoise) {
  Trained t(testing::small_pose_config(testing::small_data(), 4));
  // A helix looks much alike from many sides, so that not all poses are found however clean its images are.
  const double clean = t.with_noise(0.02, 60).poses_found(20), as_it_is = t.with_noise(1, 60).poses_found(20), loud = t.with_noise(400, 60).poses_found(20);
  EXPECT_GT(clean, 0.35);
  EXPECT_LT(as_it_is, 0.25);
  EXPECT_LT(loud, 0.05);
}

}  // namespace
}  // namespace cryomer
