#include <filesystem>
#include <memory>
#include <optional>

#include "command.h"
#include "comparison_inputs.h"
#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/evaluation/comparison_text.h"
#include "cryomer/io/structure_file.h"
#include "run_evaluation.h"

namespace cryomer {

namespace {

struct Evaluate {
  CommonOptions common;
  ComparisonInputs inputs;
  std::string structure, run_folder, data_dir;
  std::vector<std::string> half_sets;

  void check() const;
  // The run whose structure is compared where none is given; empty: there is none.
  std::string own_run() const { return !run_folder.empty() || half_sets.empty() ? run_folder : half_sets[0]; }
  Structure base() const;
  void run() const;
};

void Evaluate::check() const {
  const bool has_ensemble = !inputs.ensemble.empty(), has_posterior = !inputs.posterior.empty(), has_truth = !inputs.truth.empty();
  if (!has_ensemble && !has_posterior && half_sets.empty() && run_folder.empty()) {
    fail_usage(
        "give --ensemble (a trajectory), --posterior (a folder of cryomer infer), or both, with --truth; without a truth, "
        "--half-sets or --run");
  }
  if (!run_folder.empty() && !std::filesystem::is_directory(run_folder)) {
    fail_usage("--run {}: no such folder; expected the --out folder of `cryomer train`", run_folder);
  }
  if (has_ensemble && !has_truth) {
    fail_usage(
        "--ensemble needs --truth, what it is compared with; without a truth --half-sets A B compares two ensembles, and --run "
        "judges a run");
  }
  if (has_posterior && !has_truth && run_folder.empty())
    fail_usage("--posterior needs --truth, or --run, the run that it was inferred with");
  if (has_posterior && has_truth && inputs.truth_star.empty()) {
    fail_usage("--posterior needs --truth-star, the STAR with the true states (simulate writes truth.star)");
  }
  if (!has_posterior && !inputs.truth_star.empty()) log_warning("--truth-star says which state each particle has; without --posterior nothing is compared with it");
  if (structure.empty() && !std::filesystem::is_directory(own_run())) {
    fail_usage("--structure is required: the base structure, PDB or mmCIF, whose atoms are compared");
  }
}

Structure Evaluate::base() const {
  return structure.empty() ? structure_of_run(own_run()) : read_structure(structure);
}

void Evaluate::run() const {
  common.apply();
  check();
  ComparisonInputs checked = inputs;
  if (inputs.truth.empty()) checked.posterior.clear();  // a run is judged by latents, with or without structures
  checked.check();
  const Structure whole = base();
  inputs.pairs(whole);  // wrong names are known at once
  const bool has_truth = !inputs.truth.empty();
  std::optional<EnsembleComparison> of_ensemble;
  std::optional<PosteriorComparison> of_posterior;
  std::optional<Agreement> of_halves;
  std::optional<RunJudgement> of_run;
  if (has_truth) {
    const CommonAtoms common_atoms(whole, inputs);
    const Structure& shared = common_atoms.structure();
    const std::vector<PairDistance> pairs = inputs.pairs(shared);
    const Ensemble states = common_atoms.read(inputs.truth, inputs.truth_topology);
    if (!inputs.ensemble.empty()) {
      of_ensemble =
          compare_ensemble(inputs, shared, common_atoms.read(inputs.ensemble, inputs.topology), states, pairs, common.seed);
      std::printf("%s", comparison_table(*of_ensemble).c_str());
    }
    if (!inputs.posterior.empty()) {
      of_posterior = compare_posterior_folder(inputs, shared, particle_truth(inputs, states), pairs);
      std::printf("%s%s", of_ensemble ? "\n" : "", comparison_table(*of_posterior).c_str());
    }
  }
  if (!half_sets.empty()) {
    of_halves = compare_half_sets(half_sets, whole, inputs, common.seed);
    std::printf("%s", agreement_table(*of_halves).c_str());
  }
  if (!run_folder.empty()) {
    of_run = judge_run(run_folder, whole, inputs, data_dir, common.seed);
    std::printf("%s", run_table(*of_run).c_str());
  }
  if (common.json.empty()) return;
  const auto pointer = [](const auto& part) { return part ? &*part : nullptr; };
  write_file_atomically(common.json,
                        evaluation_json({pointer(of_ensemble), pointer(of_posterior), pointer(of_halves), pointer(of_run)}));
}

}  // namespace

void add_evaluate(CLI::App& program) {
  CLI::App* command = program.add_subcommand("evaluate", "How right an ensemble or a posterior is, with a known truth or without");
  auto s = std::make_shared<Evaluate>();
  command->add_option(
      "--structure", s->structure,
      "Base structure, PDB or mmCIF: the atoms that are compared; default: that of --run or of the first of --half-sets");
  s->inputs.add(*command);
  command
      ->add_option("--half-sets", s->half_sets,
                   "Without a truth: two runs, each of one half of the particles (train --half), or two ensembles")
      ->expected(2);
  command->add_option("--run", s->run_folder,
                      "Without a truth: a run, judged by its held-out particles, its prior against its particles, and --distance "
                      "in the population");
  command->add_option("--data-dir", s->data_dir, "Folder in which the run's image paths are tried first");
  s->common.add(*command, true);
  command->callback([s] { s->run(); });
}

}  // namespace cryomer
