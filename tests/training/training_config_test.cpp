#include "cryomer/training/training_config.h"

#include "testing.h"

namespace cryomer {
namespace {

using testing::error_of;

TEST(TrainingConfig, SurvivesTheRoundTripThroughJson) {
  TrainingConfig written;
  written.model.decoder.modes = 17;
  written.model.encoder.widths = {3, 4};
  written.optimiser.learning_rate = 0.125;
  written.objective.kind = "multi_sample";
  written.data.frame = "box";
  TrainingConfig read;
  config_from_json(read, config_to_json(written), "test");
  EXPECT_EQ(config_to_json(read), config_to_json(written));
  EXPECT_EQ(read.model.encoder.widths, (std::vector<int64_t>{3, 4}));
}

TEST(TrainingConfig, NamesTheNearestKeyOfAnUnknownOne) {
  for (const auto& [wrong, right] : std::vector<std::pair<std::string, std::string>>{
           {"optimiser.lerning_rate", "optimiser.learning_rate"}, {"model.latent_dims", "model.latent_dim"},
           {"model.decoder.mode", "model.decoder.modes"}, {"epoch", "epochs"}}) {
    TrainingConfig config;
    const std::string message = error_of([&] { config_set(config, wrong + "=3"); });
    EXPECT_NE(message.find("'" + wrong + "'"), std::string::npos) << message;
    EXPECT_NE(message.find("Did you mean '" + right + "'?"), std::string::npos) << message;
  }
}

TEST(TrainingConfig, DefaultsMakeSense) { TrainingConfig().check(); }

TEST(TrainingConfig, RefusesValuesWithoutSenseByTheirKey) {
  for (const char* assignment : {"model.latent_dim=0", "objective.samples=0", "optimiser.batch_size=0", "epochs=-1", "model.padding=0.5",
                                 "optimiser.learning_rate=0", "data.frame=middle", "objective.kind=elbow",
                                 "model.encoder.kind=canonicle", "data.calibration_particles=0"}) {
    TrainingConfig config;
    config_set(config, assignment);
    const std::string message = error_of([&] { config.check(); }), text = assignment;
    EXPECT_NE(message.find("'" + text.substr(0, text.find('='))), std::string::npos) << message;
  }
  TrainingConfig config;
  config.objective.kind = "elbow";
  EXPECT_NE(error_of([&] { config.check(); }).find("Did you mean 'elbo'?"), std::string::npos);
}

TEST(PaperRecipe, IsAValidConfigurationWithThePapersSizes) {
  TrainingConfig config;
  apply_paper_recipe(config, false);
  config.check();
  EXPECT_EQ(config.model.encoder.kind, "image");
  EXPECT_EQ(config.model.encoder.widths, (std::vector<int64_t>{2048, 1024, 512, 512}));
  EXPECT_EQ(config.model.decoder.modes, 0);
  EXPECT_EQ(config.objective.samples, 64);
  EXPECT_EQ(config.objective.late_kl, 1);
  EXPECT_FALSE(config.model.pose_network.used);
  TrainingConfig unposed;
  apply_paper_recipe(unposed, true);
  unposed.data.poses = "infer";
  unposed.check();
  EXPECT_EQ(unposed.objective.pose_samples_alone, 128);
  EXPECT_EQ(unposed.objective.samples * unposed.objective.pose_samples, 256);
  unposed.model.encoder.kind = "canonical";  // looks from a known pose
  EXPECT_NE(error_of([&] { unposed.check(); }).find("'model.pose_network.used'"), std::string::npos);
}

}  // namespace
}  // namespace cryomer
