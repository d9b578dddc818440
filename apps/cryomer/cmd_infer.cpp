#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>

#include "command.h"
#include "cryomer/base/atomic_file.h"
#include "cryomer/base/log.h"
#include "cryomer/base/text.h"
#include "cryomer/inference/posterior.h"
#include "cryomer/inference/structure_frame.h"
#include "cryomer/inference/sampling.h"
#include "cryomer/io/npy.h"
#include "cryomer/io/trajectory.h"
#include "cryomer/tensor/device.h"

namespace cryomer {

namespace {

struct Infer {
  CommonOptions common;
  std::string run_folder, particles, out, structures = "mean", data_dir, device = "auto";
  double pixel_size = 0;
  bool overwrite = false;
  const CLI::App* command = nullptr;
  Refinement refinement;

  // 0: none, -1: the mean, K: that many samples of each posterior.
  int64_t structures_per_particle() const {
    if (structures == "none") return 0;
    if (structures == "mean") return -1;
    if (starts_with(structures, "samples:")) {
      const auto count = parse_int(structures.substr(8));
      if (count && *count > 0) return *count;
    }
    fail_usage("--structures {}: expected mean, samples:K (K structures a particle) or none", structures);
  }

  void run() const;
};

void Infer::run() const {
  common.apply();
  const int64_t per_particle = structures_per_particle();
  if (refinement.steps < 0 || refinement.steps > 100000) fail_usage("--refine {}: expected 0 to 100000 steps", refinement.steps);
  if (const std::optional<double> power = refinement.likelihood_power; power && !(*power > 0)) {
    fail_usage("--likelihood-power {}: expected a number above zero", *power);
  }
  const at::Device on = device_named(device);
  const TrainedModel trained = load_trained_model({run_folder});
  trained.model->move_to(on);
  ParticleStackOptions options = particle_options(trained.setup.config, data_dir);
  if (command->count("--pixel-size") > 0) {
    if (!(pixel_size > 0)) fail_usage("--pixel-size {}: expected A, a positive number", pixel_size);
    options.pixel_size = pixel_size;
  }
  const std::string& trained_on = trained.setup.config.data.particles;
  std::error_code unknown;
  // A run on half of its particles infers those; a file that is named is inferred whole.
  const bool half = options.half > 0 && !particles.empty();
  if (half) options.half = 0;
  const bool own = !half && (particles.empty() || std::filesystem::equivalent(particles, trained_on, unknown));
  const ParticleStack stack = ParticleStack::open(particles.empty() ? trained_on : particles, options);
  const std::string written = out + "/particles.star";
  check_keeps_input("--out", written, stack.path());
  if (std::filesystem::is_regular_file(written, unknown) && read_file(written).find("_cryomerLatent1") == std::string::npos) {
    fail_usage("--out {}: its particles.star would be replaced, and infer did not write it. Choose another folder", out);
  }
  if (std::filesystem::exists(RunDirectory{out}.checkpoint(), unknown)) {
    fail_usage("--out {}: this is the folder of a run. Choose another, so that what is inferred does not mix with it", out);
  }
  OutputFolder folder(out, overwrite, false);
  if (const double power = refinement.likelihood_power.value_or(trained.inference.likelihood_power); power != 1) {
    log_info("Likelihoods count to the power of {:g}{}", power, refinement.likelihood_power ? "" : ": the run's held-out particles are predicted best so");
  }
  Posterior posterior = infer_posterior(trained, stack, own, refinement);
  const int64_t count = stack.size(), dim = posterior.mean.size(1);

  std::vector<StructureFrame> frames;
  if (trained.poses_were_inferred()) {
    frames = frames_on_base(trained, posterior.mean);
    for (int64_t i = 0; i < count; ++i) posterior.poses[i] = frames[i].pose(posterior.poses[i]);
  }
  std::unique_ptr<TrajectoryWriter> writer;
  if (per_particle != 0) {
    Tensor latents = posterior.mean;
    if (per_particle > 0) {
      Tensor noise = at::empty({count, per_particle, dim});
      for (int64_t i = 0; i < count; ++i) {
        Random random = Random(uint64_t(common.seed), 0x1f).substream(uint64_t(i));
        random.fill_normal(noise.data_ptr<float>() + i * per_particle * dim, size_t(per_particle * dim));
      }
      latents = DiagonalGaussian{posterior.mean, posterior.deviation}.sample(noise).reshape({-1, dim});
    }
    writer = create_trajectory(out + "/structures.dcd", trained.setup.structure);
    const int64_t each = std::max<int64_t>(1, per_particle);
    int64_t row = 0;
    decode_in_blocks(trained, latents, "decoding", [&](const Tensor& decoded) {
      const int64_t values = decoded.size(1) * 3;
      for (int64_t i = 0; i < decoded.size(0); ++i, ++row) {
        float* const structure = decoded.data_ptr<float>() + i * values;
        if (trained.poses_were_inferred()) frames[row / each].place(structure, decoded.size(1));
        writer->write(structure);
      }
    });
  }
  const std::vector<float> mean = to_floats(posterior.mean);
  write_npy(out + "/latents.npy", {count, dim}, mean.data());
  write_npy(out + "/latents_std.npy", {count, dim}, to_floats(posterior.deviation).data());
  StarFile star = with_poses(stack.star(), posterior.poses);
  StarTable* table = star.find(stack.particle_table().name);
  for (int64_t k = 0; k < dim; ++k) {
    const int column = table->add_column(formatted("cryomerLatent{}", k + 1));
    for (int64_t i = 0; i < count; ++i) table->set_cell(i, column, formatted("{:.6f}", mean[i * dim + k]));
  }
  if (trained.poses_were_inferred()) {
    const int column = table->add_column("cryomerPoseWeight");
    for (int64_t i = 0; i < count; ++i) table->set_cell(i, column, formatted("{:.4f}", posterior.weight[i]));
  }
  write_star(out + "/particles.star", star);
  if (writer) writer->commit();  // written first, committed last: a full disk shows before an older result is replaced
  folder.keep();
  log_info("Wrote {} particles to {}", count, out);
}

}  // namespace

void add_infer(CLI::App& program) {
  CLI::App* command = program.add_subcommand("infer", "What a trained model says about each particle");
  auto s = std::make_shared<Infer>();
  s->command = command;
  command->add_option("run", s->run_folder, "Folder of the run")->required();
  command->add_option("particles", s->particles, "Particles, RELION STAR or cryoSPARC .cs; default: those of the run");
  command->add_option("--out", s->out, "Folder for the result")->required();
  command->add_option("--structures", s->structures, "Structures to write: mean, samples:K or none")->capture_default_str();
  command->add_option("--refine", s->refinement.steps, "Steps that improve each particle's own posterior, from the encoder's guess or, for a run's own particles with given poses, from where training ended")->capture_default_str();
  command->add_option("--likelihood-power", s->refinement.likelihood_power, "How much an image's likelihood counts beside the prior: 1 in a plain posterior; default: what predicted the run's held-out particles best");
  command->add_option("--device", s->device, "cpu, cuda, or auto: CUDA where this build and the machine have it")->capture_default_str();
  command->add_option("--data-dir", s->data_dir, "Folder in which image paths are tried first");
  command->add_option("--pixel-size", s->pixel_size, "A; replaces what the files say");
  command->add_flag("--overwrite", s->overwrite, "Write into a folder that is not empty");
  s->common.add(*command, false);
  command->callback([s] { s->run(); });
}

}  // namespace cryomer
