#include "cryomer/training/checkpoint.h"

#include "training/small_run.h"

namespace cryomer {
namespace {

using testing::error_of;
using testing::SmallRun;

// A run in its second stage, so that its checkpoint holds everything.
struct Finished {
  TrainingConfig config = testing::small_config(testing::small_data(120), 2);
  RunDirectory directory{testing::scratch_folder()};
  std::unique_ptr<SmallRun> run;

  Finished() {
    config.objective.warmup = 0.5;
    run = std::make_unique<SmallRun>(config, directory.path);
    run->trainer->run();
  }
};

TEST(Checkpoint, MissingATensorIsRefusedByName) {
  Finished finished;
  const NamedTensors whole = read_safetensors(finished.directory.checkpoint());
  for (const auto& [name, tensor] : whole.tensors) {
    // Without posteriors it is a checkpoint of the first stage; what only a new program needs is checked there.
    if (name == "posterior/values" || name == "frame/origin" || name == "data/smallest_pixel_size" || name == "data/box") continue;
    NamedTensors damaged = whole;
    damaged.tensors.erase(name);
    write_safetensors(finished.directory.checkpoint(), damaged);
    const std::string message = error_of([&] { finished.run->trainer->resume(); });
    EXPECT_NE(message.find("'" + name + "' is missing"), std::string::npos) << name << ": " << message;
    EXPECT_NE(message.find(finished.directory.checkpoint()), std::string::npos) << message;
  }
}

TEST(Checkpoint, WithATensorOfAnotherShapeIsRefusedByName) {
  Finished finished;
  const NamedTensors whole = read_safetensors(finished.directory.checkpoint());
  for (const auto& [name, tensor] : whole.tensors) {
    if (name == "frame/origin" || name == "data/smallest_pixel_size" || name == "data/box") continue;
    NamedTensors damaged = whole;
    damaged.tensors[name] = at::zeros({tensor.numel() + 1}, tensor.options());
    write_safetensors(finished.directory.checkpoint(), damaged);
    const std::string message = error_of([&] { finished.run->trainer->resume(); });
    EXPECT_NE(message.find("'" + name + "' has shape"), std::string::npos) << name << ": " << message;
    EXPECT_NE(message.find(finished.directory.checkpoint()), std::string::npos) << message;
  }
  write_safetensors(finished.directory.checkpoint(), whole);
  finished.run->trainer->resume();
}

TEST(Checkpoint, IsAllThatATrainedModelNeeds) {
  Finished finished;
  const TrainedModel loaded = load_trained_model(finished.directory);
  const Autoencoder& a = finished.run->trainer->model();
  const Autoencoder& b = *loaded.model;
  EXPECT_EQ(config_to_json(loaded.setup.config), config_to_json(finished.config));
  const Tensor z = tensor_from(std::vector<float>{0.5f, -1, 2, 0.1f}, {2, 2});
  at::NoGradGuard guard;
  EXPECT_TRUE(at::equal(a.decoder(z), b.decoder(z)));
  EXPECT_TRUE(at::equal(a.prior.log_density(z), b.prior.log_density(z)));
  EXPECT_TRUE(at::equal(a.images.noise.power, b.images.noise.power));
  EXPECT_EQ(a.images.scale.mean, b.images.scale.mean);
  EXPECT_EQ(a.images.scale.deviation, b.images.scale.deviation);
  for (const char* name : {"frame/origin", "data/box", "data/smallest_pixel_size", "parameter/decoder.input.weight"}) {
    NamedTensors damaged = read_safetensors(finished.directory.checkpoint());
    const NamedTensors whole = damaged;
    damaged.tensors.erase(name);
    write_safetensors(finished.directory.checkpoint(), damaged);
    const std::string message = error_of([&] { load_trained_model(finished.directory); });
    EXPECT_NE(message.find(std::string("'") + name + "' is missing"), std::string::npos) << message;
    write_safetensors(finished.directory.checkpoint(), whole);
  }
  const RunDirectory directory{testing::scratch_folder()};
  EXPECT_NE(error_of([&] { load_trained_model(directory); }).find("no checkpoint.safetensors"), std::string::npos);
  write_file_atomically(directory.first_search(), "poses");
  EXPECT_NE(error_of([&] { load_trained_model(directory); }).find("train --resume"), std::string::npos);
}

// Another machine's solver gives modes of other signs: what was learned goes with those of the checkpoint.
TEST(Checkpoint, KeepsTheModesThatWereLearnedWith) {
  Finished finished;
  NamedTensors checkpoint = read_safetensors(finished.directory.checkpoint());
  Tensor& modes = checkpoint.tensors.at("decoder/mode_basis");
  modes = -modes;
  const Tensor z = tensor_from(std::vector<float>{0.5f, -1, 2, 0.1f}, {2, 2});
  at::NoGradGuard guard;
  const Tensor before = finished.run->trainer->model().decoder(z).clone();
  write_safetensors(finished.directory.checkpoint(), checkpoint);
  const TrainedModel loaded = load_trained_model(finished.directory);
  EXPECT_TRUE(at::equal(loaded.model->decoder.mode_basis(), modes));
  EXPECT_FALSE(at::allclose(loaded.model->decoder(z), before));
  finished.run->trainer->resume();
  EXPECT_TRUE(at::equal(finished.run->trainer->model().decoder.mode_basis(), modes));
  // A version that did not keep them is read with those of this machine.
  checkpoint.tensors.erase("decoder/mode_basis");
  write_safetensors(finished.directory.checkpoint(), checkpoint);
  EXPECT_TRUE(at::allclose(load_trained_model(finished.directory).model->decoder(z), before));
}

TEST(RunDirectory, RemovesWhatAKilledProgramWasWritingAndNothingElse) {
  const RunDirectory directory{testing::scratch_folder()};
  const std::string half = directory.checkpoint() + ".tmp123", unlike = directory.checkpoint() + ".tmpx", foreign = directory.path + "/mine.tmp123";
  for (const std::string& file : {directory.checkpoint(), half, unlike, foreign}) write_file_atomically(file, "x");
  remove_half_written(directory);
  EXPECT_FALSE(std::filesystem::exists(half));
  for (const std::string& file : {directory.checkpoint(), unlike, foreign}) EXPECT_TRUE(std::filesystem::exists(file)) << file;
}

}  // namespace
}  // namespace cryomer
