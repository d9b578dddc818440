#include <cmath>
#include <filesystem>
#include <memory>

#include "command.h"
#include "cryomer/base/atomic_file.h"
#include "cryomer/base/log.h"
#include "cryomer/base/text.h"
#include "cryomer/inference/posterior.h"
#include "cryomer/inference/sampling.h"
#include "cryomer/io/trajectory.h"
#include "cryomer/io/viewer_script.h"
#include "run_latents.h"

namespace cryomer {

namespace {

struct Interpolate {
  CommonOptions common;
  std::string run_folder, from, to, out, data_dir, posterior;
  int64_t steps = 25, along = 0;
  double extent = 2;
  bool overwrite = false, scripts = false;
  const CLI::App* command = nullptr;

  Tensor points(const TrainedModel& trained) const;
  void run() const;
};

constexpr int64_t kParticles = 1000;  // that main directions are found from

// A file of numbers, or the row of a particle, whose posterior mean it is.
Tensor latent_of(const std::string& text, const char* flag, const TrainedModel& trained, const std::string& data_dir) {
  const int64_t dim = trained.model->latent_dim;
  if (const auto row = parse_int(text)) {
    const ParticleStack stack = ParticleStack::open(trained.setup.config.data.particles, particle_options(trained.setup.config, data_dir));
    if (*row < 0 || *row >= stack.size()) fail_usage("{} {}: particles are numbered 0 to {}", flag, *row, stack.size() - 1);
    return infer_posterior_of({*row}, trained, stack, true).mean;
  }
  if (!std::filesystem::exists(text)) fail_usage("{} {}: neither a particle's row number nor a file", flag, text);
  std::vector<float> values;
  std::string numbers = read_file(text);
  for (char& c : numbers) c = c == ',' || c == '\n' || c == '\t' || c == '\r' ? ' ' : c;
  for (const std::string& part : split(numbers, ' ')) {
    if (part.empty()) continue;
    const auto value = parse_double(part);
    if (!value || !std::isfinite(*value)) fail("{}: '{}' is not a number; expected {} latent coordinates", text, part, dim);
    values.push_back(static_cast<float>(*value));
  }
  if (int64_t(values.size()) != dim) fail("{}: {} numbers, expected {} latent coordinates", text, values.size(), dim);
  return tensor_from(values, {1, dim});
}

// [steps, latent_dim]
Tensor Interpolate::points(const TrainedModel& trained) const {
  const Tensor share = at::linspace(0, 1, steps).unsqueeze(1);
  if (along == 0) {
    const Tensor a = latent_of(from, "--from", trained, data_dir), b = latent_of(to, "--to", trained, data_dir);
    return a + share * (b - a);
  }
  const int64_t dim = trained.model->latent_dim;
  if (along > dim) fail_usage("--along {}: the latent space has {} dimensions", along, dim);
  const RunLatents latents = latents_of_run(trained, posterior, data_dir, kParticles);
  const LatentDirections axes = moving_directions(trained, latents, along);
  log_info("Direction {} holds {:.1f} % of what CAs move by in {}", along, 100 * axes.share[along - 1], latents.source);
  const double reach = extent * axes.deviation[along - 1];
  const Tensor a = tensor_from(axes.point(along - 1, -reach), {1, dim}), b = tensor_from(axes.point(along - 1, reach), {1, dim});
  return a + share * (b - a);
}

void Interpolate::run() const {
  common.apply();
  if (steps < 2 || steps > 1000000) fail_usage("--steps {}: expected 2 to 1000000", steps);
  if (command->count("--along") > 0 && along < 1) fail_usage("--along {}: expected 1 for the direction along which CAs move most, 2 for the next, ...", along);
  if (along == 0 && (from.empty() || to.empty()))
    fail_usage("give --from and --to, or --along for a main direction of the particles");
  if (along > 0 && (!from.empty() || !to.empty())) fail_usage("give --from and --to, or --along, not both");
  if (!(extent > 0 && extent <= 10)) fail_usage("--extent {}: expected more than 0, at most 10 standard deviations", extent);
  if (along == 0) {
    for (const char* flag : {"--posterior", "--extent"}) {
      if (command->count(flag) > 0) fail_usage("{} goes with --along; a line from --from to --to has no use for it", flag);
    }
  }
  check_trajectory_output(out, overwrite, scripts);
  const TrainedModel trained = load_trained_model({run_folder});
  const Tensor latents = points(trained);
  const std::unique_ptr<TrajectoryWriter> writer = create_trajectory(out, trained.setup.structure);
  decode_in_blocks(trained, latents, "decoding", [&](const Tensor& structures) {
    for (int64_t i = 0; i < structures.size(0); ++i) writer->write(structures.data_ptr<float>() + i * structures.size(1) * 3);
  });
  writer->commit();
  if (scripts) write_viewer_scripts(out, steps, ViewedFile::Kind::path);
  log_info("Wrote {} structures to {}", steps, out);
}

}  // namespace

void add_interpolate(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("interpolate", "Structures along a line in latent space, or along a main direction of the particles");
  auto s = std::make_shared<Interpolate>();
  s->command = command;
  command->add_option("run", s->run_folder, "Folder of the run")->required();
  command->add_option("--from", s->from, "Row of a particle (0-based), or a text file of latent coordinates");
  command->add_option("--to", s->to, "Likewise, the other end");
  command->add_option("--along", s->along,
                      "Instead: the main direction of this number (1: that along which CAs move most) of all particles' posteriors together");
  command->add_option("--extent", s->extent, "Standard deviations of --along to either side")->capture_default_str();
  command->add_option("--posterior", s->posterior,
                      "Folder of cryomer infer with the particles of --along; default: some are inferred here");
  command->add_flag("--scripts", s->scripts, "Also write scripts that open and play it in ChimeraX (.cxc) and PyMOL (.pml)");
  command->add_option("--steps", s->steps, "Number of structures")->capture_default_str();
  command->add_option("--out", s->out, "File: .pdb, .cif or .dcd")->required();
  command->add_flag("--overwrite", s->overwrite, "Replace the file if it exists");
  command->add_option("--data-dir", s->data_dir, "Folder in which image paths are tried first");
  s->common.add(*command, false);
  command->callback([s] { s->run(); });
}

}  // namespace cryomer
