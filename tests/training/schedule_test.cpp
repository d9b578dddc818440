#include "cryomer/training/schedule.h"

#include <gtest/gtest.h>

namespace cryomer {
namespace {

// A hundred epochs of ten steps.
TrainingConfig hundred_epochs() {
  TrainingConfig config;
  config.epochs = 100;
  config.optimiser.warmup_steps = 50;
  return config;
}

Schedule at_step(const TrainingConfig& config, int64_t step, double seconds = 0, double search_seconds = 0) {
  Schedule schedule(config, 10);
  schedule.move_to(step, seconds, search_seconds);
  return schedule;
}

TEST(Schedule, FollowsStepsOrTimeWhicheverIsFurther) {
  TrainingConfig config = hundred_epochs();
  EXPECT_DOUBLE_EQ(at_step(config, 250, 1e6).progress(), 0.25);
  config.max_seconds = 200;
  EXPECT_DOUBLE_EQ(at_step(config, 250, 100).progress(), 0.5);
  EXPECT_DOUBLE_EQ(at_step(config, 750, 100).progress(), 0.75);
  EXPECT_DOUBLE_EQ(at_step(config, 0, 200).progress(), 1);
  // Of 100 seconds 60 went into a search: 40 of the 140 that are for learning.
  EXPECT_DOUBLE_EQ(at_step(config, 0, 100, 60).progress(), 40.0 / 140.0);
}

TEST(Schedule, EndsAfterEnoughEpochsWhereNoNumberWasSaid) {
  TrainingConfig config;
  EXPECT_EQ(Schedule(config, 100).steps_at_most(), 150 * 100);
  EXPECT_EQ(Schedule(config, 10).steps_at_most(), 5000);  // few particles need more of them
  config.epochs = 7;
  EXPECT_EQ(Schedule(config, 10).steps_at_most(), 70);
  Schedule schedule(config, 10);
  schedule.move_to(69, 0, 0);
  EXPECT_FALSE(schedule.out_of_steps());
  schedule.move_to(70, 0, 0);
  EXPECT_TRUE(schedule.out_of_steps());
}

TEST(Schedule, WarmsUpForSoManyEpochsButNotForTooMuchOfTheRun) {
  TrainingConfig config = hundred_epochs();
  config.objective.warmup_epochs = 20;
  config.objective.warmup = 0.4;
  EXPECT_DOUBLE_EQ(at_step(config, 100).warmed(), 0.5);
  EXPECT_DOUBLE_EQ(at_step(config, 100).warmth(), 0.1);
  EXPECT_DOUBLE_EQ(at_step(config, 200).warmed(), 1);
  config.epochs = 25;  // of which 0.4 are 10
  EXPECT_DOUBLE_EQ(at_step(config, 100).warmed(), 1);
  config.objective.warmup = 0;
  EXPECT_DOUBLE_EQ(at_step(config, 0).warmed(), 1);
}

TEST(Schedule, MakesTheDivergenceDearerWhenMotionsAreFound) {
  TrainingConfig config = hundred_epochs();
  config.objective.warmup_epochs = 20;
  config.objective.conformation_kl = 3;
  config.objective.late_kl = 1;
  EXPECT_DOUBLE_EQ(at_step(config, 100).conformation_kl(), 0.3);
  EXPECT_DOUBLE_EQ(at_step(config, 900).conformation_kl(), 3);
  config.objective.late_kl = 4;
  EXPECT_DOUBLE_EQ(at_step(config, 500).conformation_kl(), 3);
  EXPECT_NEAR(at_step(config, 600).conformation_kl(), 6, 1e-9);
  EXPECT_NEAR(at_step(config, 700).conformation_kl(), 12, 1e-9);
  // A run that settles before that has come so far all the same.
  Schedule early = at_step(config, 300);
  early.settle();
  early.move_to(375, 0, 0);
  EXPECT_NEAR(early.conformation_kl(), 12, 1e-9);
}

TEST(Schedule, BlursAndTempersWhileItWarms) {
  TrainingConfig config = hundred_epochs();
  config.objective.warmup_epochs = 20;
  config.objective.blur = 3;
  config.objective.blur_share = 0.5;
  config.pose_search.temperature = 5;
  EXPECT_DOUBLE_EQ(at_step(config, 0).blur(), 3);
  EXPECT_DOUBLE_EQ(at_step(config, 50).blur(), 1.5);
  EXPECT_DOUBLE_EQ(at_step(config, 100).blur(), 0);
  EXPECT_DOUBLE_EQ(at_step(config, 0).pose_temperature(), 5);
  EXPECT_DOUBLE_EQ(at_step(config, 100).pose_temperature(), 3);
  EXPECT_DOUBLE_EQ(at_step(config, 200).pose_temperature(), 1);
}

TEST(Schedule, LetsResiduesWidenOnceTheLatentsHaveLearned) {
  const TrainingConfig config = hundred_epochs();
  EXPECT_EQ(at_step(config, 350).mobility(), 0);
  EXPECT_NEAR(at_step(config, 450).mobility(), 0.5, 1e-9);
  EXPECT_EQ(at_step(config, 550).mobility(), 1);
  EXPECT_EQ(at_step(config, 1000).mobility(), 1);
}

TEST(Schedule, GivesTorsionsTheirPriceLateOrWhenItSettles) {
  const TrainingConfig config = hundred_epochs();
  EXPECT_EQ(at_step(config, 650).strictness(), 0);
  EXPECT_NEAR(at_step(config, 750).strictness(), 0.5, 1e-9);
  EXPECT_EQ(at_step(config, 850).strictness(), 1);
  Schedule early = at_step(config, 500);
  early.settle();
  EXPECT_EQ(early.strictness(), 0);
  early.move_to(575, 0, 0);
  EXPECT_NEAR(early.strictness(), 1, 1e-9);
}

TEST(Schedule, RaisesTheLearningRateAndLetsItFallAlongHalfACosine) {
  TrainingConfig config = hundred_epochs();
  config.optimiser.final_rate = 0.1;
  EXPECT_NEAR(at_step(config, 24).learning_rate(), 0.5, 0.01);
  EXPECT_DOUBLE_EQ(at_step(config, 500).learning_rate(), 0.55);
  EXPECT_DOUBLE_EQ(at_step(config, 1000).learning_rate(), 0.1);
}

TEST(Schedule, SettlesOverAShareOfTheRunFromWhereTheRateWas) {
  const TrainingConfig config = hundred_epochs();
  Schedule schedule = at_step(config, 500);
  const double before = schedule.learning_rate();
  schedule.settle();
  EXPECT_DOUBLE_EQ(schedule.learning_rate(), before);
  EXPECT_FALSE(schedule.settled());
  schedule.move_to(575, 0, 0);
  EXPECT_LT(schedule.learning_rate(), 0.6 * before);
  schedule.move_to(651, 0, 0);
  EXPECT_TRUE(schedule.settled());
  EXPECT_NEAR(schedule.learning_rate(), config.optimiser.final_rate, 1e-6);
}

TEST(Schedule, HalvesTheRateHalfWayThroughThePapersFirstStage) {
  TrainingConfig config;
  apply_paper_recipe(config, true);
  config.epochs = 100;
  EXPECT_TRUE(at_step(config, 799).poses_alone());
  EXPECT_FALSE(at_step(config, 800).poses_alone());
  EXPECT_DOUBLE_EQ(at_step(config, 399).learning_rate(), 1);
  EXPECT_DOUBLE_EQ(at_step(config, 400).learning_rate(), 0.5);
  EXPECT_DOUBLE_EQ(at_step(config, 800).learning_rate(), 1);
  apply_paper_recipe(config, false);
  EXPECT_FALSE(at_step(config, 0).poses_alone());
}

}  // namespace
}  // namespace cryomer
