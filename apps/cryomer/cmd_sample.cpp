#include <cmath>
#include <filesystem>
#include <memory>

#include "command.h"
#include "cryomer/base/atomic_file.h"
#include "cryomer/base/log.h"
#include "cryomer/inference/sampling.h"
#include "cryomer/io/npy.h"
#include "cryomer/io/trajectory.h"
#include "cryomer/io/viewer_script.h"

namespace cryomer {

namespace {

constexpr int64_t kMostStructures = 10000000;

struct Sample {
  CommonOptions common;
  std::string run_folder, out, latents;
  int64_t n = 2048;
  bool overwrite = false, scripts = false;
  const CLI::App* command = nullptr;

  void run() const {
    common.apply();
    if (n < 1 || n > kMostStructures) fail_usage("--n {}: expected 1 to {}", n, kMostStructures);
    if (!latents.empty() && command->count("--n") > 0) fail_usage("--n {}: --latents says how many there are; give one of the two", n);
    check_trajectory_output(out, overwrite, scripts);
    const TrainedModel trained = load_trained_model({run_folder});
    if (latents.empty()) {
      // Before anything is drawn. The coordinates alone take twelve bytes an atom.
      check_disk_room(std::filesystem::absolute(out).parent_path().string(), 12.0 * double(n) * trained.setup.structure.atom_count(),
                      formatted("{} with {} structures", out, n), "Draw fewer (--n), or write to another disk");
    }
    const Tensor z = latents.empty() ? trained.model->prior.sample(n, uint64_t(common.seed)) : read_latents(trained);
    const std::unique_ptr<TrajectoryWriter> writer = create_trajectory(out, trained.setup.structure);
    decode_in_blocks(trained, z, "sampling", [&](const Tensor& structures) {
      for (int64_t i = 0; i < structures.size(0); ++i) writer->write(structures.data_ptr<float>() + i * structures.size(1) * 3);
    });
    writer->commit();
    if (scripts) write_viewer_scripts(out, z.size(0), ViewedFile::Kind::states);
    log_info("Wrote {} structures to {}", z.size(0), out);
  }

  Tensor read_latents(const TrainedModel& trained) const {
    const NpyArray array = read_npy(latents);
    if (array.shape.size() != 2 || array.shape[1] != trained.model->latent_dim || array.shape[0] < 1) {
      fail("--latents {}: an array {}, expected [n, {}]: one row for each structure, one column for each latent dimension "
           "of the model",
           latents, shape_text(array.shape), trained.model->latent_dim);
    }
    for (const float value : array.values) {
      if (!std::isfinite(value)) fail("--latents {}: it holds the value {}, expected finite numbers", latents, value);
    }
    return tensor_from(array.values, array.shape);
  }
};

}  // namespace

void add_sample(CLI::App& program) {
  CLI::App* command = program.add_subcommand("sample", "Draw structures from a trained model's distribution");
  auto s = std::make_shared<Sample>();
  s->command = command;
  command->add_option("run", s->run_folder, "Folder of the run")->required();
  command->add_option("--n", s->n, "Number of structures")->capture_default_str();
  command->add_option("--out", s->out, "File: .dcd (with a .pdb beside it), .pdb or .cif")->required();
  command->add_flag("--overwrite", s->overwrite, "Replace the file if it exists");
  command->add_flag("--scripts", s->scripts, "Also write scripts that open and show it in ChimeraX (.cxc) and PyMOL (.pml)");
  command->add_option("--latents", s->latents, "Instead of drawing: decode these latents, .npy [n, latent dimension]");
  s->common.add(*command, false);
  command->callback([s] { s->run(); });
}

}  // namespace cryomer
