#include "cryomer/inference/held_out_bound.h"

#include <cmath>
#include <numeric>

#include "training/small_run.h"

namespace cryomer {
namespace {

struct Trained {
  testing::SmallRun run;
  TrainedModel model;

  explicit Trained(const TrainingConfig& config) : run(config, testing::scratch_folder()) {
    run.trainer->run();
    model = load_trained_model(run.directory);
  }
  std::optional<double> bound() const { return held_out_bound(model, run.stack); }
};

TEST(HeldOutBound, IsHigherForAModelThatHasLearnedMore) {
  const std::string data = testing::small_data();
  const Trained longer(testing::small_config(data, 30)), shorter(testing::small_config(data, 2));
  ASSERT_TRUE(longer.bound() && shorter.bound());
  EXPECT_GT(*longer.bound(), *shorter.bound() + 1);
  EXPECT_EQ(longer.bound(), longer.bound());
  // Of what `infer` gives, those of particles that were not learned from.
  const std::vector<int64_t> rows = split_particles(longer.run.stack.size(), 0.15).held_out;
  const std::vector<double> all = infer_posterior(longer.model, longer.run.stack, true).bound;
  ASSERT_EQ(all.size(), 300u);
  const double sum = std::accumulate(rows.begin(), rows.end(), 0.0, [&](double s, int64_t row) { return s + all[size_t(row)]; });
  EXPECT_NEAR(*longer.bound(), sum / double(rows.size()), 0.05);
}

TEST(HeldOutBound, IsOfParticlesWhosePosesWereInferred) {
  const Trained t(testing::small_pose_config(testing::small_data(120), 4));
  ASSERT_TRUE(t.bound());
  EXPECT_TRUE(std::isfinite(*t.bound()));
}

TEST(HeldOutBound, IsNothingWhereNothingWasHeldOut) {
  TrainingConfig config = testing::small_config(testing::small_data(60), 1);
  config.data.held_out_fraction = 0;
  EXPECT_FALSE(Trained(config).bound());
}

}  // namespace
}  // namespace cryomer
