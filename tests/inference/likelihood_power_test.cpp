#include "cryomer/inference/likelihood_power.h"

#include <algorithm>
#include <cmath>

#include "cryomer/inference/held_out_bound.h"
#include "training/small_run.h"

namespace cryomer {
namespace {

// What a hundred particles, which differ much, explain: by `more` more than they would on average, each `spread` off that, up and down by turns.
PowerTrial trial(double power, double more, double spread, int turn = 1) {
  PowerTrial result{power, {}};
  for (int i = 0; i < 100; ++i) result.explained.push_back(10 * i + more + (i / turn % 2 == 0 ? spread : -spread));
  return result;
}

TEST(CautiousPower, IsTheBestOneWhereThatIsPlain) {
  EXPECT_EQ(cautious_power({trial(1, 0, 0), trial(0.5, -1, 0.1), trial(2, 1, 0.1), trial(4, 0.5, 0.1)}), 2);
  EXPECT_EQ(cautious_power({trial(1, 0, 0), trial(0.5, -1, 0.1), trial(2, -1, 0.1)}), 1);
}

TEST(CautiousPower, IsTheLowestOfThoseThatCannotBeToldApart) {
  // The standard error of their differences is 0.1 for the first and 0.14 for the others.
  EXPECT_EQ(cautious_power({trial(1, 0, 0), trial(0.5, -0.1, 1, 1), trial(0.25, -0.2, 1, 5), trial(2, 0.01, 1, 25)}), 0.5);
}

// A short run, trained once for all tests.
struct Trained {
  testing::SmallRun run{testing::small_config(testing::small_data(400), 20), testing::scratch_folder()};
  TrainedModel model;

  Trained() {
    run.trainer->run();
    model = load_trained_model(run.directory);
  }
  TrainedModel with_noise_power_times(double factor) const {
    TrainedModel other = load_trained_model(run.directory);
    other.model->images.noise.power = factor * other.model->images.noise.power;
    return other;
  }
};
const Trained& trained() {
  static const Trained once;
  return once;
}

Posterior inferred(const TrainedModel& model, double power) {
  return infer_posterior_of({0, 50, 100, 150}, model, trained().run.stack, false, Refinement{60}.with_power(power));
}

TEST(LikelihoodPower, MakesPosteriorsNarrowerAndIsTheModelsUnlessItIsGiven) {
  const Posterior plain = inferred(trained().model, 1), strong = inferred(trained().model, 4), weak = inferred(trained().model, 0.25);
  EXPECT_LT(strong.deviation.mean().item<double>(), 0.8 * plain.deviation.mean().item<double>());
  EXPECT_GT(weak.deviation.mean().item<double>(), 1.2 * plain.deviation.mean().item<double>());
  EXPECT_LT(weak.mean.norm().item<double>(), plain.mean.norm().item<double>());
  // Noise of a fourth of the power is the same as a likelihood to the power of four.
  EXPECT_TRUE(at::allclose(inferred(trained().with_noise_power_times(0.25), 1).mean, strong.mean, 0, 0.1));
  TrainedModel strong_model = load_trained_model(trained().run.directory);
  strong_model.inference.likelihood_power = 4;
  EXPECT_TRUE(at::equal(infer_posterior_of({0, 50, 100, 150}, strong_model, trained().run.stack, false, Refinement{60}).mean, strong.mean));
}

// What is hidden of an image must not be known to its posterior, and nothing else be asked for.
TEST(LikelihoodPower, IsAskedForFromPixelsThatWereHidden) {
  at::NoGradGuard guard;
  const Autoencoder& model = *trained().model.model;
  const ParticleBatch batch = ParticleLoader(trained().run.stack).load({1, 2, 3});
  const int64_t box = batch.images.size(1);
  Tensor seen = at::ones({box, box / 2 + 1});
  seen.select(1, 3).zero_();  // three periods from left to right, whatever from top to bottom
  const Tensor wave = (at::arange(box, at::kFloat) * (2 * kPi * 3 / double(box))).cos().expand({box, box});
  const Tensor other_wave = (at::arange(box, at::kFloat) * (2 * kPi * 2 / double(box))).cos().expand({box, box});
  ParticleBatch hidden_changed = batch, seen_changed = batch;
  hidden_changed.images = batch.images + wave;
  seen_changed.images = batch.images + other_wave;
  const DiagonalGaussian start{at::zeros({3, model.latent_dim}), at::ones({3, model.latent_dim})};
  const auto refined = [&](const ParticleBatch& views) { return refine_views(model, views, start, {}, Random(5), {}, seen).posterior.mean; };
  const Tensor mean = refined(batch);
  EXPECT_TRUE(at::allclose(refined(hidden_changed), mean, 1e-4, 1e-4));
  EXPECT_FALSE(at::allclose(refined(seen_changed), mean, 1e-2, 1e-2));
  const auto explained = [&](const ParticleBatch& views) { return unseen_log_likelihood(model, views, mean, seen); };
  EXPECT_TRUE(at::allclose(explained(seen_changed), explained(batch), 1e-3, 1e-3));
  EXPECT_FALSE(at::allclose(explained(hidden_changed), explained(batch), 1e-2, 1e-2));
}

TEST(LikelihoodPower, MakesUpForNoiseThatTheModelTakesForMoreOrLessThanItIs) {
  const auto found = [&](double noise) { return find_likelihood_power(trained().with_noise_power_times(noise), trained().run.stack); };
  EXPECT_GE(found(8), 2);
  EXPECT_LE(found(1.0 / 8), 0.5);
  EXPECT_EQ(found(8), found(8));
}

TEST(LikelihoodPower, IsOneWhereFewParticlesWereHeldOut) {
  testing::SmallRun run(testing::small_config(testing::small_data(60), 1), testing::scratch_folder());
  run.trainer->run();
  TrainedModel model = load_trained_model(run.directory);
  model.model->images.noise.power = 8 * model.model->images.noise.power;
  EXPECT_EQ(find_likelihood_power(model, run.stack), 1);
}

TEST(LikelihoodPower, IsAskedForWherePosesWereInferred) {
  testing::SmallRun run(testing::small_pose_config(testing::small_data(360), 4), testing::scratch_folder());
  run.trainer->run();
  const TrainedModel model = load_trained_model(run.directory);
  ASSERT_GE(held_out_rows(model, run.stack).size(), 50u);
  ImageInference inference(model, run.stack, true);
  const ParticleBatch batch = inference.load({5, 3});
  const int64_t box = run.stack.box();
  const std::vector<double> explained = inference.explain_unseen(batch, (at::rand({box, box / 2 + 1}) < 0.8).to(at::kFloat));
  ASSERT_EQ(explained.size(), 2u);
  for (const double nats : explained) EXPECT_TRUE(std::isfinite(nats));
  const double power = find_likelihood_power(model, run.stack);
  EXPECT_GE(power, 0.125);
  EXPECT_LE(power, 8);
}

TEST(TrainedModel, RefusesAPowerThatIsNone) {
  testing::SmallRun run(testing::small_config(testing::small_data(60), 1), testing::scratch_folder());
  run.trainer->run();
  write_file_atomically(run.directory.inference(), "{\"likelihood_power\": 0}");
  const std::string message = testing::error_of([&] { load_trained_model(run.directory); });
  EXPECT_SAYS(message, "inference.json");
  EXPECT_SAYS(message, "above zero");
}

}  // namespace
}  // namespace cryomer
