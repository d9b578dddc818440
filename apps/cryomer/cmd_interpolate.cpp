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

namespace cryomer {

namespace {

struct Interpolate {
  CommonOptions common;
  std::string run_folder, from, to, out, data_dir;
  int64_t steps = 25;
  bool overwrite = false;

  void run() const;
};

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

void Interpolate::run() const {
  common.apply();
  if (steps < 2 || steps > 1000000) fail_usage("--steps {}: expected 2 to 1000000", steps);
  check_output_file("--out", out, overwrite);
  const TrainedModel trained = load_trained_model({run_folder});
  const Tensor a = latent_of(from, "--from", trained, data_dir), b = latent_of(to, "--to", trained, data_dir);
  const Tensor share = at::linspace(0, 1, steps).unsqueeze(1);
  const std::unique_ptr<TrajectoryWriter> writer = create_trajectory(out, trained.setup.structure);
  decode_in_blocks(trained, a + share * (b - a), "decoding", [&](const Tensor& structures) {
    for (int64_t i = 0; i < structures.size(0); ++i) writer->write(structures.data_ptr<float>() + i * structures.size(1) * 3);
  });
  writer->commit();
  log_info("Wrote {} structures to {}", steps, out);
}

}  // namespace

void add_interpolate(CLI::App& program) {
  CLI::App* command = program.add_subcommand("interpolate", "Structures along a line in latent space");
  auto s = std::make_shared<Interpolate>();
  command->add_option("run", s->run_folder, "Folder of the run")->required();
  command->add_option("--from", s->from, "Row of a particle (0-based), or a text file of latent coordinates")->required();
  command->add_option("--to", s->to, "Likewise, the other end")->required();
  command->add_option("--steps", s->steps, "Number of structures")->capture_default_str();
  command->add_option("--out", s->out, "File: .pdb, .cif or .dcd")->required();
  command->add_flag("--overwrite", s->overwrite, "Replace the file if it exists");
  command->add_option("--data-dir", s->data_dir, "Folder in which image paths are tried first");
  s->common.add(*command, false);
  command->callback([s] { s->run(); });
}

}  // namespace cryomer
