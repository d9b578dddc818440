#include <memory>

#include "command.h"
#include "comparison_inputs.h"
#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/evaluation/comparison_text.h"
#include "cryomer/io/structure_file.h"

namespace cryomer {

namespace {

struct Evaluate {
  CommonOptions common;
  ComparisonInputs inputs;
  std::string structure;

  void run() const;
};

void Evaluate::run() const {
  common.apply();
  const bool has_ensemble = !inputs.ensemble.empty(), has_posterior = !inputs.posterior.empty();
  if (!has_ensemble && !has_posterior) fail_usage("give --ensemble (a trajectory), --posterior (a folder of cryomer infer), or both");
  if (has_posterior && inputs.truth_star.empty()) {
    fail_usage("--posterior needs --truth-star, the STAR with the true states (simulate writes truth.star)");
  }
  inputs.check();
  const Structure base = read_structure(structure);
  const Ensemble states = read_ensemble(inputs.truth, base, inputs.truth_topology);
  const std::vector<PairDistance> pairs = inputs.pairs(base);
  EnsembleComparison of_ensemble;
  PosteriorComparison of_posterior;
  if (has_ensemble) {
    of_ensemble = compare_ensemble(inputs, base, read_ensemble(inputs.ensemble, base, inputs.topology), states, pairs, common.seed);
    std::printf("%s", comparison_table(of_ensemble).c_str());
  }
  if (has_posterior) {
    of_posterior = compare_posterior_folder(inputs, base, particle_truth(inputs, states), pairs);
    std::printf("%s", comparison_table(of_posterior).c_str());
  }
  if (!common.json.empty()) {
    write_file_atomically(common.json, comparison_json(has_ensemble ? &of_ensemble : nullptr, has_posterior ? &of_posterior : nullptr));
  }
}

}  // namespace

void add_evaluate(CLI::App& program) {
  CLI::App* command = program.add_subcommand("evaluate", "How right an ensemble or a posterior is, when the truth is known");
  auto s = std::make_shared<Evaluate>();
  command->add_option("--structure", s->structure, "Base structure, PDB or mmCIF: the atoms that are compared")->required();
  s->inputs.add(*command);
  command->get_option("--truth")->required();
  s->common.add(*command, true);
  command->callback([s] { s->run(); });
}

}  // namespace cryomer
