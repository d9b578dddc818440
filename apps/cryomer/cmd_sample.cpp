#include <memory>

#include "command.h"
#include "cryomer/base/log.h"
#include "cryomer/inference/sampling.h"
#include "cryomer/io/trajectory.h"

namespace cryomer {

namespace {

struct Sample {
  CommonOptions common;
  std::string run_folder, out;
  int64_t n = 2048;

  void run() const {
    common.apply();
    if (n < 1) fail_usage("--n {}: expected 1 or more", n);
    const TrainedModel trained = load_trained_model({run_folder});
    const std::unique_ptr<TrajectoryWriter> writer = create_trajectory(out, trained.setup.structure);
    decode_in_blocks(trained, sample_prior(trained, n, uint64_t(common.seed)), "sampling", [&](const Tensor& structures) {
      for (int64_t i = 0; i < structures.size(0); ++i) writer->write(structures.data_ptr<float>() + i * structures.size(1) * 3);
    });
    writer->commit();
    log_info("Wrote {} structures to {}", n, out);
  }
};

}  // namespace

void add_sample(CLI::App& program) {
  CLI::App* command = program.add_subcommand("sample", "Draw structures from a trained model's distribution");
  auto s = std::make_shared<Sample>();
  command->add_option("run", s->run_folder, "Folder of the run")->required();
  command->add_option("--n", s->n, "Number of structures")->capture_default_str();
  command->add_option("--out", s->out, "File: .dcd (with a .pdb beside it), .pdb or .cif")->required();
  s->common.add(*command, false);
  command->callback([s] { s->run(); });
}

}  // namespace cryomer
