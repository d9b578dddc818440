#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>

#include "command.h"
#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/text.h"
#include "cryomer/data/box_fit.h"
#include "cryomer/inference/held_out_bound.h"
#include "cryomer/inference/likelihood_power.h"
#include "cryomer/inference/recovery.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/kernels/cuda_kernels.h"
#include "cryomer/tensor/device.h"
#include "cryomer/training/trainer.h"

namespace cryomer {

namespace {

namespace fs = std::filesystem;

constexpr int64_t kSimulated = 256;  // images, to see how many poses can be found

struct Train {
  CommonOptions common;
  std::string particles, structure, out, poses, recipe = "default", encoder, device = "auto", config_file, data_dir, max_time, frame;
  int64_t latent_dim = 0, epochs = 0, seeds = 1, half = 0;
  double pixel_size = 0;
  bool resume = false, overwrite = false;
  std::vector<std::string> set;
  const CLI::App* command = nullptr;

  void run();
  TrainingConfig resolve(const RunDirectory& directory, int64_t number) const;
  double train(const RunDirectory& directory, int64_t number) const;
};

// Whether a run left something in its folder to go on from.
bool can_go_on(const RunDirectory& directory) {
  return fs::exists(directory.config()) && (fs::exists(directory.checkpoint()) || fs::exists(directory.first_search()));
}

// Whether a run came no further in its folder than its log.
bool left_only_a_log(const RunDirectory& directory) {
  if (!fs::exists(directory.log())) return false;
  const std::string log = read_file(directory.log());
  if (log.substr(0, log.find('\n')).find(" info: cryomer train ") == std::string::npos) return false;
  const auto entries = fs::directory_iterator(directory.path);
  return std::all_of(begin(entries), end(entries), [&](const auto& entry) { return entry.path().filename() == fs::path(directory.log()).filename(); });
}

// Looks at a run that has ended, which is whole without this, and returns its held-out bound.
double say_how_well_it_went(const RunDirectory& directory, const ParticleStack& stack, at::Device device, bool poses_may_be_lost) {
  double bound = -std::numeric_limits<double>::infinity();
  try {
    const TrainedModel trained = load_trained_model(directory);
    trained.model->move_to(device);
    InferenceConfig inference;
    inference.likelihood_power = find_likelihood_power(trained, stack);
    if (inference.likelihood_power != 1) {
      log_info("Likelihoods count to the power of {:g} where particles are inferred: held-out ones are predicted best so", inference.likelihood_power);
    }
    write_file_atomically(directory.inference(), config_to_json(inference));
    if (const std::optional<double> found = held_out_bound(trained, stack)) {
      bound = *found;
      log_info("Held-out bound (log likelihood less divergence): {:.2f} nats an image; of runs on the same particles the higher one is better", bound);
    }
    if (poses_may_be_lost) say_how_many_poses_can_be_found(recover(trained, stack, kSimulated, uint64_t(trained.setup.config.seed)));
  } catch (const Interrupted&) {
    log_info("Stopped while looking at what was learned; the run has ended");
  }
  return bound;
}

// What a run that goes on does otherwise than before. What it is made of stays.
std::vector<ConfigChange> changes_of_run(const RunDirectory& directory, const TrainingConfig& now) {
  TrainingConfig before;
  config_from_json(before, read_file(directory.config()), directory.config());
  std::vector<ConfigChange> changes;
  for (const ConfigChange& change : config_changes(before, now)) {
    const std::string& key = change.key;
    if (key == "data.particles" || key == "data.structure" || key == "data.data_dir") continue;  // what they hold is compared
    const bool in_use = starts_with(key, "pose_search.") && !fs::exists(directory.checkpoint());
    if (in_use || starts_with(key, "data.") || starts_with(key, "model.") || key == "seed" || key == "optimiser.batch_size") {
      fail_usage("--resume: the run was begun with {} = {}, and cannot go on with {}. Leave it as it was, or start a new run", key, change.before,
                 change.after);
    }
    changes.push_back(change);
  }
  return changes;
}

// Of the run with this number, the first being zero.
TrainingConfig Train::resolve(const RunDirectory& directory, int64_t number) const {
  // What is asked for beside the recipe, which hangs on where poses come from.
  const auto ask = [&](TrainingConfig& c) {
    if (!config_file.empty()) config_from_json(c, read_file(config_file), config_file);
    for (const std::string& assignment : set) config_set(c, assignment);
    if (!poses.empty()) c.data.poses = poses;
  };
  TrainingConfig asked, config;
  ask(asked);
  if (recipe == "paper") {
    apply_paper_recipe(config, asked.data.poses == "infer");
  } else if (recipe != "default") {
    fail_usage("--recipe {}: unknown.{} Known: default, paper", recipe, did_you_mean(recipe, {"default", "paper"}));
  }
  // A run goes on with its own settings.
  const bool goes_on = resume && can_go_on(directory);
  if (goes_on) config_from_json(config, read_file(directory.config()), directory.config());
  ask(config);
  config.data.particles = fs::absolute(particles).lexically_normal().string();
  config.data.structure = fs::absolute(structure).lexically_normal().string();
  if (!data_dir.empty()) config.data.data_dir = fs::absolute(data_dir).lexically_normal().string();
  if (!frame.empty()) config.data.frame = frame;
  if (!encoder.empty()) config.model.encoder.kind = encoder;
  auto given = [&](const char* flag, double value) {
    if (command->count(flag) == 0) return false;
    if (!(value > 0)) fail_usage("{} {}: expected a positive number", flag, value);
    return true;
  };
  if (given("--latent-dim", double(latent_dim))) config.model.latent_dim = latent_dim;
  if (given("--epochs", double(epochs))) config.epochs = epochs;
  if (command->count("--half") > 0) {
    if (half != 1 && half != 2) fail_usage("--half {}: expected 1 or 2", half);
    config.data.half = half;
  }
  if (given("--pixel-size", pixel_size)) config.data.pixel_size = pixel_size;
  if (!max_time.empty()) {
    const auto seconds = parse_duration(max_time);
    if (!seconds || *seconds <= 0) fail_usage("--max-time {}: expected a time above zero, such as 90s, 10m or 1h30m", max_time);
    config.max_seconds = *seconds / double(seeds);
  }
  if (command->count("--seed") > 0) config.seed = common.seed;
  if (!goes_on || command->count("--seed") > 0) config.seed += number;
  config.check();
  return config;
}

// Returns the held-out bound that the run reached.
double Train::train(const RunDirectory& directory, int64_t number) const {
  const TrainingConfig config = resolve(directory, number);
  const bool goes_on = resume && can_go_on(directory);
  const std::vector<ConfigChange> changes = goes_on ? changes_of_run(directory, config) : std::vector<ConfigChange>();
  const at::Device on = device_named(device);
  RunSetup setup;
  setup.config = config;
  const ParticleStack stack = ParticleStack::open(config.data.particles, particle_options(config));
  OutputFolder folder(directory.path, overwrite, resume);
  remove_half_written(directory);
  const std::string earlier = !resume && fs::exists(directory.log()) ? read_file(directory.log()) : "";
  set_log_file(directory.log());
  log_info("{}", command_line);
  setup.structure = read_structure(config.data.structure);
  for (const ConfigChange& change : changes) log_info("From here on {} = {}, before {}", change.key, change.after, change.before);
  log_info("Particles: {} of {} x {} pixels in {} optics group(s){}", stack.size(), stack.box(), stack.box(),
           stack.optics_groups().size(), config.data.half > 0 ? formatted("; half {} of the file", config.data.half) : "");
  setup.origin = find_origin(config, setup.structure, stack);
  check_fits_box(setup.structure, setup.origin, stack.box(), smallest_pixel_size(stack));
  if (on.is_cuda()) log_info("Device: {}", cuda::device_name());
  Trainer trainer(std::move(setup), stack, directory, on);
  const std::string config_before = goes_on ? read_file(directory.config()) : "";
  bool room = false;
  // What an earlier run left gives way when there is something to keep, and stays when this one cannot begin.
  const auto make_room = [&] {
    if (room) return;
    room = true;
    if (!goes_on) {
      if (fs::exists(directory.checkpoint())) log_info("The earlier run in {} gives way to this one", directory.path);
      for (const std::string& old : {directory.checkpoint(), directory.first_search(), directory.inference(), directory.metrics()}) fs::remove(old);
      if (!earlier.empty()) {
        set_log_file("");
        write_file_atomically(directory.log(), read_file(directory.log()).substr(earlier.size()));
        set_log_file(directory.log());
      }
      write_file_atomically(directory.structure(config.data.structure), read_file(config.data.structure));
    }
    write_file_atomically(directory.config(), config_to_json(config));
    folder.keep();
  };
  if (goes_on) {
    trainer.resume();
  } else {
    trainer.begin(make_room);
  }
  make_room();
  const int64_t begun_at = trainer.step();
  trainer.run();
  if (trainer.step() == 0) fail("--max-time: no time was left to learn after the searches. Go on with --resume and a longer --max-time");
  const bool learned = !goes_on || trainer.step() > begun_at;
  if (!learned) write_file_atomically(directory.config(), config_before);
  if (!learned && !trainer.settled()) {
    log_warning("Nothing was learned, and the run's settings stay: it has had {}, counted from its beginning. Go on with more",
                trainer.out_of_steps() ? formatted("{} steps, no fewer than --epochs gives it", trainer.step()) : "its time (--max-time)");
  } else {
    log_info("Trained for {} step{}; the model is in {}", trainer.step(), trainer.step() == 1 ? "" : "s", directory.path);
  }
  const double bound = say_how_well_it_went(directory, stack, on, learned && config.data.poses != "given");
  set_log_file("");
  return bound;
}

void Train::run() {
  common.apply();
  const RunDirectory directory{out};
  if (seeds < 1 || seeds > 1000) fail_usage("--seeds {}: expected 1 to 1000 runs", seeds);
  if (resume && overwrite) fail_usage("--resume continues a run and --overwrite starts it anew: give one of them");
  auto of_seed = [&](int64_t number) { return seeds == 1 ? directory : RunDirectory{formatted("{}/seed_{}", out, number + 1)}; };
  if (resume && !fs::is_directory(out)) fail_usage("--resume: there is no folder {} to go on in; leave --resume out to start the run", out);
  if (resume) {
    check_folder_is_free(out);
    remove_half_written(of_seed(0));
  }
  if (resume && !can_go_on(of_seed(0))) {
    if (seeds > 1 && can_go_on(directory)) fail_usage("--seeds {}: {} holds one run, not several; leave --seeds out to go on with it", seeds, out);
    if (seeds == 1 && can_go_on({out + "/seed_1"})) fail_usage("--resume: {} holds several runs; give --seeds as before", out);
    if (!left_only_a_log(of_seed(0))) {
      fail("--resume: {} holds no run to go on with: no checkpoint{}. To start one there, leave --resume out", of_seed(0).path,
           fs::is_empty(out) ? "" : ", but other files");
    }
    log_info("--resume: the run in {} was stopped before it kept anything, and starts again", of_seed(0).path);
  }
  if (seeds == 1) {
    train(directory, 0);
    return;
  }
  OutputFolder folder(out, overwrite, resume);
  int64_t best = 0;
  double best_bound = 0;
  for (int64_t number = 0; number < seeds; ++number) {
    log_info("Run {} of {}", number + 1, seeds);
    const double bound = train(of_seed(number), number);
    if (number == 0 || bound > best_bound) {
      best = number;
      best_bound = bound;
    }
    folder.keep();
  }
  // The best run's files, beside the folders of all.
  for (const auto& entry : fs::directory_iterator(of_seed(best).path)) {
    if (entry.is_regular_file()) write_file_atomically(out + "/" + entry.path().filename().string(), read_file(entry.path().string()));
  }
  log_info("Of {} runs that of seed_{} has the best held-out bound, {:.2f} nats an image: it is the model in {}", seeds, best + 1, best_bound, out);
}

}  // namespace

void add_train(CLI::App& program) {
  CLI::App* command = program.add_subcommand("train", "Learn the distribution of conformations from particle images");
  auto t = std::make_shared<Train>();
  t->command = command;
  command->add_option("particles", t->particles, "Particles, RELION STAR or cryoSPARC .cs")->required();
  command->add_option("--structure", t->structure, "Base structure, PDB or mmCIF")->required();
  command->add_option("--out", t->out, "Folder of the run")->required();
  command->add_option("--poses", t->poses, "Where poses come from: given (default), refine (start from those of the file) or infer (none are needed)");
  command->add_option("--recipe", t->recipe, "Settings to start from: default, or paper (Rosenbaum et al. 2021)")->capture_default_str();
  command->add_option("--encoder", t->encoder, "canonical (default) or image (as the paper)");
  command->add_option("--latent-dim", t->latent_dim, "Dimension of the conformation latent");
  command->add_option("--half", t->half,
                      "1 or 2: train on that half of the particles (rlnRandomSubset where the file has it, else every other row); "
                      "evaluate --half-sets compares the two");
  command->add_option("--epochs", t->epochs, "At most so many passes over the particles; default: 150, or what 5000 steps take");
  command->add_option("--max-time", t->max_time, "Stop after this time at the latest, e.g. 10m");
  command->add_option("--seeds", t->seeds, "Runs with seeds of their own, of which the best by held-out likelihood is kept; they share --max-time")
      ->capture_default_str();
  command->add_option("--device", t->device, "cpu, cuda, or auto: CUDA where this build and the machine have it")->capture_default_str();
  command->add_option("--data-dir", t->data_dir, "Folder in which image paths are tried first");
  command->add_option("--pixel-size", t->pixel_size, "A; replaces what the files say");
  command->add_option("--frame", t->frame, "Where the structure stands relative to the poses' origin: auto (default), centroid, origin, box");
  command->add_option("--config", t->config_file, "Settings as JSON; flags win over it");
  command->add_option("--set", t->set, "One setting as key=value; may be repeated");
  command->add_flag("--resume", t->resume, "Continue the run in --out");
  command->add_flag("--overwrite", t->overwrite, "Start anew in a folder that is not empty");
  command->add_flag_callback("--help-config", [] {
    std::printf("Settings for --config and --set, with their defaults:\n\n%s", config_help(TrainingConfig()).c_str());
    throw CLI::Success();
  }, "List all settings");
  t->common.add(*command, false);
  command->callback([t] { t->run(); });
}

}  // namespace cryomer
