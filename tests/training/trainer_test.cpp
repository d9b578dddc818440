#include "cryomer/training/trainer.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <chrono>
#include <csignal>
#include <limits>
#include <map>
#include <thread>

#include "cryomer/base/stop.h"
#include "cryomer/base/text.h"
#include "cryomer/base/units.h"
#include "cryomer/training/checkpoint.h"
#include "cryomer/training/data_fingerprint.h"
#include "loop_search/small_loop.h"
#include "training/small_run.h"

namespace cryomer {
namespace {

using testing::error_of;
using testing::scratch_folder;
using testing::small_config;
using testing::SmallRun;

// One simulated data set for all tests.
const std::string& data() {
  static const std::string folder = testing::small_data();
  return folder;
}

// A column of metrics.csv.
std::vector<double> column(const std::string& path, const std::string& name) {
  std::vector<double> values;
  int index = -1;
  for (const std::string& line : split(read_file(path), '\n')) {
    if (line.empty()) continue;
    const std::vector<std::string> cells = split(line, ',');
    if (index < 0) {
      index = int(std::find(cells.begin(), cells.end(), name) - cells.begin());
      EXPECT_LT(index, int(cells.size())) << name;
    } else {
      values.push_back(std::stod(cells[index]));
    }
  }
  return values;
}

// metrics.csv without what depends on the clock.
std::string timeless(const std::string& path) {
  std::string result;
  std::vector<std::string> names;
  for (const std::string& line : split(read_file(path), '\n')) {
    const std::vector<std::string> cells = split(line, ',');
    if (names.empty()) names = cells;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (names[i] != "seconds" && names[i] != "images_per_second") result += cells[i] + ",";
    }
    result += "\n";
  }
  return result;
}

void expect_same_checkpoint(const std::string& a, const std::string& b) {
  const NamedTensors one = read_safetensors(a), two = read_safetensors(b);
  EXPECT_EQ(one.tensors.size(), two.tensors.size());
  for (const auto& [name, tensor] : one.tensors) {
    if (name == "state/seconds" || name == "state/search_seconds") continue;
    const auto found = two.tensors.find(name);
    ASSERT_NE(found, two.tensors.end()) << name;
    EXPECT_TRUE(at::equal(tensor, found->second)) << name;
  }
}

TEST(Trainer, ExplainsHeldOutImagesBetterThanTheBase) {
  SmallRun run(small_config(data(), 30), scratch_folder());
  run.trainer->run();
  const std::string metrics = run.directory.metrics();
  const std::vector<double> held_out = column(metrics, "held_out_log_likelihood"), kl = column(metrics, "held_out_kl"),
                            base = column(metrics, "base_log_likelihood");
  ASSERT_EQ(held_out.size(), 30u);
  // In nats per image, and after what the posterior costs.
  EXPECT_GT(held_out.back() - kl.back(), base.back() + 1);
  EXPECT_GT(held_out.back() - base.back(), 2);
}

TEST(Trainer, JudgesWithADivergenceThatCountsOnce) {
  // However dear it is in training: bounds of runs with different weights are compared with each other.
  TrainingConfig config = small_config(data(), 30);
  config.objective.conformation_kl = 20;
  SmallRun run(config, scratch_folder());
  run.trainer->run();
  const std::string metrics = run.directory.metrics();
  EXPECT_GT(column(metrics, "held_out_kl").back(), 2 * column(metrics, "kl").back());
}

TEST(Trainer, GoesFromTheEncodersPosteriorsToTheParticlesOwn) {
  TrainingConfig config = small_config(data(), 5);
  config.objective.warmup = 0.4;
  SmallRun run(config, scratch_folder());
  run.trainer->run();
  std::vector<std::string> stages;
  for (const std::string& line : split(read_file(run.directory.metrics()), '\n')) {
    if (!line.empty()) stages.push_back(split(line, ',')[3]);
  }
  EXPECT_EQ(stages, (std::vector<std::string>{"stage", "encoder", "encoder", "particles", "particles", "particles"}));
  const NamedTensors checkpoint = read_safetensors(run.directory.checkpoint());
  EXPECT_EQ(checkpoint.tensors.at("posterior/values").sizes(), (at::IntArrayRef{300, 4}));
  EXPECT_EQ(checkpoint.tensors.at("prior/weight").numel(), 2);
}

TEST(Trainer, GivesTheSameResultForTheSameSeed) {
  auto run = [&](int64_t seed) {
    TrainingConfig config = small_config(data(), 3);
    config.seed = seed;
    SmallRun r(config, scratch_folder());
    r.trainer->run();
    return r.directory;
  };
  const RunDirectory a = run(1), b = run(1), c = run(2);
  expect_same_checkpoint(a.checkpoint(), b.checkpoint());
  EXPECT_EQ(timeless(a.metrics()), timeless(b.metrics()));
  EXPECT_NE(timeless(a.metrics()), timeless(c.metrics()));
}

// A request to stop ends a run after one more step.
void run_one_step(Trainer& trainer) {
  catch_stop_signals();
  std::raise(SIGINT);
  const std::string message = error_of([&] { trainer.run(); });
  forget_stop_request();
  EXPECT_NE(message.find("stopped at step"), std::string::npos) << message;
}

// Stopped after each of the first steps, within epochs, at their ends and where the second stage begins, and continued each time
// as if by another program: what comes out is what comes out of one run.
TEST(Trainer, ContinuesBitForBit) {
  TrainingConfig config = small_config(data(), 4);
  config.objective.warmup = 0.25;
  const RunDirectory whole{scratch_folder()}, parts{scratch_folder()};
  SmallRun(config, whole.path).trainer->run();
  ASSERT_EQ(restore_scalar(read_safetensors(whole.checkpoint()), "optimiser/steps", ""), 28);  // four epochs of seven
  for (int step = 1; step <= 15; ++step) {
    SmallRun run(config, parts.path);
    if (step > 1) run.trainer->resume();
    run_one_step(*run.trainer);
    ASSERT_EQ(run.trainer->step(), step);
  }
  SmallRun last(config, parts.path);
  last.trainer->resume();
  last.trainer->run();
  expect_same_checkpoint(whole.checkpoint(), parts.checkpoint());
  EXPECT_EQ(timeless(whole.metrics()), timeless(parts.metrics()));
}

TrainingConfig pose_config(int64_t epochs) { return testing::small_pose_config(data(), epochs); }

// Poses of a rod that bends a little, from images alone: where its axis points and how it is turned about the beam.
TEST(Trainer, InfersPoses) {
  TrainingConfig config = pose_config(8);
  SmallRun run(config, scratch_folder());
  run.trainer->run();
  const TrainedModel trained = load_trained_model(run.directory);
  ASSERT_EQ(trained.poses.particles(), 300);
  // The view of a rod says little of turns about its axis, so the axis is what is judged.
  const std::vector<float> base = trained.setup.centred().coordinates();
  Vec3 axis{base[base.size() - 3] - base[0], base[base.size() - 2] - base[1], base[base.size() - 1] - base[2]};
  axis = normalized(axis);
  std::vector<double> errors;
  for (int64_t i = 0; i < 300; ++i) {
    const Vec3 found = trained.poses.pose(i, trained.poses.best_slot(i)).rotation * axis, truth = run.stack.pose(i).rotation * axis;
    // In the image, where its tilt towards or away from the viewer does not show, and up to its sign: a helix seen so
    // coarsely has nearly no ends.
    errors.push_back(std::min(std::hypot(found.x - truth.x, found.y - truth.y), std::hypot(found.x + truth.x, found.y + truth.y)));
  }
  std::sort(errors.begin(), errors.end());
  EXPECT_LT(errors[150], 0.25);
  EXPECT_LT(errors[240], 0.4);
  const std::vector<double> candidates = column(run.directory.metrics(), "effective_candidates");
  EXPECT_GT(candidates.front(), 1.01);
  for (const double n : candidates) EXPECT_LE(n, 3.0);
}

TEST(Trainer, ContinuesBitForBitWithInferredPoses) {
  TrainingConfig config = pose_config(4);
  config.objective.warmup = 0.25;
  const RunDirectory whole{scratch_folder()}, parts{scratch_folder()};
  SmallRun(config, whole.path).trainer->run();
  // Stopped again and again, in searches and between them, a little later each time; where, the clock decides.
  int stops = 0;
  for (int delay = 20; delay < 20000; delay += delay / 4) {
    const bool resumed = std::filesystem::exists(parts.checkpoint());
    SmallRun run(config, parts.path);
    if (resumed) run.trainer->resume();
    catch_stop_signals();
    std::thread stopper([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(delay));
      std::raise(SIGINT);
    });
    bool done = true;
    try {
      run.trainer->run();
    } catch (const Interrupted&) {
      done = false;
      ++stops;
    }
    stopper.join();
    forget_stop_request();
    if (done) break;
  }
  EXPECT_GT(stops, 3);
  expect_same_checkpoint(whole.checkpoint(), parts.checkpoint());
  EXPECT_EQ(timeless(whole.metrics()), timeless(parts.metrics()));
}

// As after a kill: from checkpoints that are written within steps, where atoms' widths are being set free.
TEST(Trainer, ContinuesBitForBitFromACheckpointOnTheWay) {
  namespace fs = std::filesystem;
  TrainingConfig config = pose_config(6);
  config.objective.warmup = 0.25;
  config.optimiser.batch_size = 16;
  config.checkpoint_seconds = 0;
  const RunDirectory whole{scratch_folder()};
  const std::string kept = scratch_folder();
  std::atomic<bool> running{true};
  std::thread keeper([&] {
    for (int i = 0; running; ++i) {
      std::error_code none_yet;
      fs::create_hard_link(whole.checkpoint(), kept + "/" + std::to_string(i), none_yet);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  SmallRun(config, whole.path).trainer->run();
  running = false;
  keeper.join();
  std::map<double, std::string> by_share;
  for (const fs::directory_entry& entry : fs::directory_iterator(kept)) {
    by_share[restore_scalar(read_safetensors(entry.path().string()), "images/mobile_share", "")] = entry.path().string();
  }
  int tried = 0;
  for (const auto& [share, checkpoint] : by_share) {
    if (share <= 0 || share >= 1 || ++tried > 3) continue;
    const RunDirectory again{scratch_folder()};
    fs::copy_file(checkpoint, again.checkpoint());
    fs::copy_file(whole.metrics(), again.metrics());
    SmallRun run(config, again.path);
    run.trainer->resume();
    run.trainer->run();
    expect_same_checkpoint(whole.checkpoint(), again.checkpoint());
    EXPECT_EQ(timeless(whole.metrics()), timeless(again.metrics()));
  }
  EXPECT_GT(tried, 0);
}

TEST(Trainer, ContinuesTheFirstSearchWhereItWasStopped) {
  TrainingConfig config = pose_config(1);
  const RunDirectory whole{scratch_folder()}, parts{scratch_folder()};
  SmallRun(config, whole.path).trainer->run();
  config.checkpoint_seconds = 0;
  int rooms = 0;
  catch_stop_signals();
  const std::string message = error_of([&] {
    SmallRun(config, parts.path).trainer->begin([&] {
      ++rooms;
      std::raise(SIGINT);
    });
  });
  forget_stop_request();
  EXPECT_EQ(rooms, 1);
  EXPECT_NE(message.find("256 particles are kept"), std::string::npos) << message;
  ASSERT_TRUE(std::filesystem::exists(parts.first_search()));
  EXPECT_EQ(restore_scalar(read_safetensors(parts.first_search()), "state/searched", ""), 256);
  SmallRun later(config, parts.path);
  later.trainer->resume();
  later.trainer->run();
  EXPECT_FALSE(std::filesystem::exists(parts.first_search()));
  expect_same_checkpoint(whole.checkpoint(), parts.checkpoint());
}

TEST(Trainer, KeepsNothingOfTheFirstSearchWhereNobodyMadeRoom) {
  TrainingConfig config = pose_config(1);
  config.checkpoint_seconds = 0;
  SmallRun run(config, scratch_folder());
  run.trainer->begin();
  EXPECT_FALSE(std::filesystem::exists(run.directory.first_search()));
}

TEST(Trainer, ARunThatIsStoppedInItsFirstSearchDoesNotReplaceAnother) {
  TrainingConfig config = pose_config(1);
  config.checkpoint_seconds = 0;
  for (const bool another : {true, false}) {
    SmallRun run(config, scratch_folder());
    if (another) write_file_atomically(run.directory.checkpoint(), "another run's");
    bool room = false;
    catch_stop_signals();
    std::raise(SIGINT);
    const std::string message = error_of([&] { run.trainer->begin([&] { room = true; }); });
    forget_stop_request();
    EXPECT_EQ(room, !another);
    EXPECT_EQ(message.find("nothing was written") != std::string::npos, another) << message;
  }
}

// The paper's way to poses, small.
TrainingConfig pose_network_config(int64_t epochs) {
  TrainingConfig config = small_config(data(), epochs);
  apply_paper_recipe(config, true);
  config.data.poses = "infer";
  config.epochs = epochs;
  config.model.latent_dim = 2;
  config.model.padding = 1;
  config.model.encoder.widths = {64};
  config.objective.samples = 3;
  config.objective.pose_samples = 2;
  config.objective.pose_samples_alone = 8;
  config.objective.poses_alone = 0.5;
  config.optimiser.batch_size = 32;
  config.optimiser.learning_rate = 3e-3;
  return config;
}

TEST(Trainer, LearnsPosesAloneAndThenEverything) {
  SmallRun run(pose_network_config(40), scratch_folder());
  run.trainer->run();
  const std::vector<double> training = column(run.directory.metrics(), "log_likelihood");
  ASSERT_EQ(training.size(), 40u);
  EXPECT_GT(training[19], training[0] + 1) << "the base structure's poses";
  EXPECT_GT(training[39], training[19] + 1) << "and its motion";
  std::vector<std::string> stages;
  for (const std::string& line : split(read_file(run.directory.metrics()), '\n')) {
    if (!line.empty() && (stages.empty() || stages.back() != split(line, ',')[3])) stages.push_back(split(line, ',')[3]);
  }
  EXPECT_EQ(stages, (std::vector<std::string>{"stage", "poses", "encoder"}));
}

TEST(Trainer, ContinuesBitForBitWithAPoseNetwork) {
  const TrainingConfig config = pose_network_config(2);
  const RunDirectory whole{scratch_folder()}, parts{scratch_folder()};
  SmallRun(config, whole.path).trainer->run();
  for (int step = 1; step <= 10; ++step) {
    SmallRun run(config, parts.path);
    if (step > 1) run.trainer->resume();
    run_one_step(*run.trainer);
  }
  SmallRun last(config, parts.path);
  last.trainer->resume();
  last.trainer->run();
  expect_same_checkpoint(whole.checkpoint(), parts.checkpoint());
  EXPECT_EQ(timeless(whole.metrics()), timeless(parts.metrics()));
}

TEST(Trainer, RefusesAStructureThatIsNotInTheImages) {
  const std::string folder = testing::small_data(64);
  MrcStackWriter stack(folder + "/particles.mrcs", testing::kBox, testing::kBox, testing::kPixelSize);
  std::vector<float> pixels(testing::kBox * testing::kBox);
  for (int i = 0; i < 64; ++i) {
    Random(99).substream(uint64_t(i)).fill_normal(pixels.data(), pixels.size());
    stack.write_section(pixels.data());
  }
  stack.commit();
  TrainingConfig config = pose_config(2);
  config.data.particles = folder + "/particles.star";
  config.data.data_dir = folder;
  SmallRun run(config, scratch_folder());
  const std::string message = error_of([&] { run.trainer->run(); });
  EXPECT_NE(message.find("explains the images no better than it explains noise"), std::string::npos) << message;
}

TEST(Trainer, WritesRowsAfterTheCheckpointAnew) {
  // A run that dies after its last checkpoint leaves rows in metrics.csv that the resumed run writes again.
  const TrainingConfig config = small_config(data(), 2);
  const RunDirectory directory{scratch_folder()};
  {
    SmallRun run(config, directory.path);
    run_one_step(*run.trainer);
  }
  MetricsRow row;
  row.step = 7;
  row.epoch = 1;
  row.stage = "lost";
  MetricsFile(directory.metrics()).append(row);
  SmallRun run(config, directory.path);
  run.trainer->resume();
  run.trainer->run();
  EXPECT_EQ(column(directory.metrics(), "step"), (std::vector<double>{7, 14}));
  EXPECT_EQ(read_file(directory.metrics()).find("lost"), std::string::npos);
}

TEST(Trainer, SaysWhereItDivergedAndKeepsTheLastGoodCheckpoint) {
  const RunDirectory whole{scratch_folder()};
  SmallRun(small_config(data(), 2), whole.path).trainer->run();
  for (const double rate : {1e30, std::numeric_limits<double>::quiet_NaN()}) {
    TrainingConfig config = small_config(data(), 2);
    const RunDirectory directory{scratch_folder()};
    {
      SmallRun run(config, directory.path);
      run_one_step(*run.trainer);
    }
    config.optimiser.learning_rate = rate;
    config.checkpoint_seconds = 0;  // after every step
    SmallRun run(config, directory.path);
    run.trainer->resume();
    const std::string message = error_of([&] { run.trainer->run(); });
    for (const char* part : {"training diverged at step", "The last good checkpoint is kept", "try a smaller optimiser.learning_rate"}) {
      EXPECT_NE(message.find(part), std::string::npos) << message;
    }
    SmallRun again(small_config(data(), 2), directory.path);
    again.trainer->resume();
    again.trainer->run();
    // A checkpoint written between others is as good to continue from as one written at the end.
    expect_same_checkpoint(whole.checkpoint(), directory.checkpoint());
    EXPECT_EQ(timeless(whole.metrics()), timeless(directory.metrics()));
  }
}

TEST(Trainer, DoesNotGoOnFromAnotherVersionsCheckpoint) {
  const TrainingConfig config = small_config(data(), 1);
  const RunDirectory directory{scratch_folder()};
  run_one_step(*SmallRun(config, directory.path).trainer);
  NamedTensors checkpoint = read_safetensors(directory.checkpoint());
  checkpoint.metadata["format"] = "cryomer checkpoint 1";
  write_safetensors(directory.checkpoint(), checkpoint);
  SmallRun run(config, directory.path);
  const std::string message = error_of([&] { run.trainer->resume(); });
  EXPECT_NE(message.find("another version of Cryomer wrote it ('cryomer checkpoint 1'"), std::string::npos) << message;
}

TEST(Trainer, RefusesOtherData) {
  const RunDirectory directory{scratch_folder()};
  {
    SmallRun run(small_config(data(), 1), directory.path);
    run_one_step(*run.trainer);
  }
  SmallRun other(small_config(testing::small_data(200), 1), directory.path);
  const std::string message = error_of([&] { other.trainer->resume(); });
  EXPECT_NE(message.find("trained on 300 particles"), std::string::npos) << message;
  EXPECT_NE(message.find("holds 200"), std::string::npos) << message;
  // As many particles, but one row says something else.
  const std::string changed = testing::small_data();
  StarFile star = read_star(changed + "/particles.star");
  StarTable& table = *star.find("particles");
  table.set_cell(123, table.column("rlnDefocusU"), "8100");
  write_star(changed + "/particles.star", star);
  SmallRun edited(small_config(changed, 1), directory.path);
  const std::string other_rows = error_of([&] { edited.trainer->resume(); });
  EXPECT_NE(other_rows.find("the run began with other data"), std::string::npos) << other_rows;
  EXPECT_NE(other_rows.find("(rows of the particle table differ)"), std::string::npos) << other_rows;
}

TEST(DataFingerprint, DependsOnRowsOpticsPixelsAndAtoms) {
  const std::string folder = testing::small_data(20), twin = testing::small_data(20);
  auto stack_in = [](const std::string& where) { return ParticleStack::open(where + "/particles.star", particle_options(small_config(where, 1))); };
  Structure s = read_structure(folder + "/base.pdb");
  const DataFingerprint first = data_fingerprint(stack_in(folder), s);
  EXPECT_EQ(first.particles, particles_fingerprint(stack_in(folder)));
  const auto differs_in = [&](const DataFingerprint& other, const std::string& part) {
    EXPECT_NE(other.all, first.all) << part;
    EXPECT_EQ(other.differences(first.parts), part);
  };
  EXPECT_EQ(data_fingerprint(stack_in(twin), s).all, first.all);  // wherever the files lie
  s.atoms[3].position.x += 0.01;
  differs_in(data_fingerprint(stack_in(folder), s), "atoms of the structure");
  s.atoms[3].position.x -= 0.01;
  TrainingConfig other_pixels = small_config(folder, 1);
  other_pixels.data.pixel_size = 1.7;
  differs_in(data_fingerprint(ParticleStack::open(folder + "/particles.star", particle_options(other_pixels)), s), "optics");
  std::string bytes = read_file(twin + "/particles.mrcs");
  bytes[1024 + 4 * 100 + 2] ^= 1;
  write_file_atomically(twin + "/particles.mrcs", bytes);
  differs_in(data_fingerprint(stack_in(twin), s), "pixels of the images");
  EXPECT_EQ(first.differences(""), "");
}

// The images show atoms of 1.5 A.
TEST(Trainer, StartsLoopsWhereTheImagesShowThem) {
  const Structure base = testing::helix_with_loop(2), truth = testing::helix_with_loop(1);
  const std::string folder = testing::small_data(1000, base, &truth);
  TrainingConfig config = small_config(folder, 2);
  config.loop_search.used = true;
  config.loop_search.tries = 3;
  config.loop_search.moves = 4000;
  const std::string whole = scratch_folder(), parted = scratch_folder();
  {
    SmallRun run(config, whole);
    run.trainer->run();
  }
  const TrainedModel trained = load_trained_model({whole});
  EXPECT_EQ(trained.moved_loops.size(), 1u);
  Structure moved = trained.setup.structure;
  for (Atom& atom : moved.atoms) atom.position = atom.position - Vec3{30, -10, 5};
  EXPECT_LT(testing::loop_distance(moved, truth), 0.85 * testing::loop_distance(base, truth));
  // A run that goes on starts from the same loop.
  config.epochs = 1;
  {
    SmallRun run(config, parted);
    run.trainer->run();
  }
  config.epochs = 2;
  SmallRun run(config, parted);
  run.trainer->resume();
  EXPECT_TRUE(at::equal(run.trainer->model().base_positions, load_trained_model({whole}).model->base_positions));
  // Without the search it is the structure of the file.
  config.loop_search.used = false;
  const std::string plain = scratch_folder();
  SmallRun without(config, plain);
  without.trainer->run();
  EXPECT_TRUE(load_trained_model({plain}).moved_loops.empty());
  const Structure kept = load_trained_model({plain}).setup.structure, file = read_structure(config.data.structure);
  for (size_t a = 0; a < kept.atoms.size(); ++a) ASSERT_EQ(norm(kept.atoms[a].position - file.atoms[a].position), 0);
}

TEST(Trainer, LearnsTheAtomsWidthsAndGivesThemAsBFactors) {
  TrainingConfig config = small_config(data(), 60);
  config.model.atom_width = 1.0;
  SmallRun run(config, scratch_folder());
  run.trainer->run();
  const TrainedModel trained = load_trained_model(run.directory);
  const Tensor widths = trained.model->widths();
  EXPECT_NEAR(widths.mean().item<double>(), 1.5, 0.25);
  EXPECT_TRUE(at::equal(widths, trained.model->images.atoms().width));
  for (int64_t a = 0; a < widths.size(0); ++a) {
    const double more = std::pow(widths[a].item<double>(), 2) - 1;
    EXPECT_NEAR(trained.setup.structure.atoms[size_t(a)].b_factor, 8 * kPi * kPi * more, 1e-3);
  }
}

TEST(Trainer, NamesResiduesThatAreAsBlurredAsTheyMayBe) {
  TrainingConfig config = small_config(data(), 60);
  config.model.atom_width = 0.8;
  config.model.largest_atom_width = 1.0;
  const std::string folder = scratch_folder(), log = folder + "/said.txt";
  SmallRun run(config, folder);
  set_log_level(LogLevel::warning);
  set_log_file(log);
  run.trainer->run();
  set_log_file("");
  EXPECT_NE(read_file(log).find("A/1 to 16 are as blurred as atoms may be (1 A)"), std::string::npos) << read_file(log);
}

TEST(Trainer, LetsTheDecodersWeightsDecay) {
  auto size_of_weights = [&](double decay, const std::string& part) {
    TrainingConfig config = small_config(data(), 2);
    config.optimiser.decay = decay;
    SmallRun run(config, scratch_folder());
    run.trainer->run();
    double sum = 0;
    for (const auto& [name, tensor] : run.trainer->model().parameters.all()) {
      if (starts_with(name, part) && tensor.dim() == 2) sum += tensor.square().sum().item<double>();
    }
    return sum;
  };
  // 14 steps at up to 3e-3: the weights keep a share of about exp(-14 * 2e-3 * 20).
  EXPECT_LT(size_of_weights(20, "decoder."), 0.6 * size_of_weights(0, "decoder."));
  EXPECT_GT(size_of_weights(20, "encoder."), 0.9 * size_of_weights(0, "encoder."));
}

TEST(Trainer, EndsItsCurvesWhereTheModelEnds) {
  TrainingConfig config = small_config(data(), 1000000);
  config.optimiser.batch_size = 16;
  config.max_seconds = 2;
  SmallRun run(config, scratch_folder());
  run.trainer->run();
  EXPECT_EQ(column(run.directory.metrics(), "step").back(), double(run.trainer->step()));
}

TEST(Trainer, DoesNotSettleByParticlesThatAreNotHeldOut) {
  TrainingConfig config = small_config(data(), 40);
  config.data.held_out_fraction = 0;
  config.patience = 1e-6;
  config.objective.warmup = 0.02;
  SmallRun run(config, scratch_folder());
  run.trainer->run();
  EXPECT_EQ(column(run.directory.metrics(), "epoch").back(), 40);
  EXPECT_TRUE(std::isnan(column(run.directory.metrics(), "held_out_log_likelihood").back()));  // not zero, which would be judged
}

TEST(Trainer, HasNothingToDoAfterItSettled) {
  TrainingConfig config = small_config(data(), 200);
  config.patience = 1e-6;
  config.objective.warmup = 0.02;
  const RunDirectory directory{scratch_folder()};
  int64_t steps = 0;
  {
    SmallRun run(config, directory.path);
    run.trainer->run();
    steps = run.trainer->step();
    ASSERT_LT(steps, 200 * 7);
  }
  SmallRun run(config, directory.path);
  run.trainer->resume();
  run.trainer->run();
  EXPECT_EQ(run.trainer->step(), steps);
}

}  // namespace
}  // namespace cryomer
