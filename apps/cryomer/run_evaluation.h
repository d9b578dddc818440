// What `evaluate` says of runs without a truth: opens them, draws from their models, and hands plain ensembles to the
// evaluation, which knows nothing of models.
#pragma once

#include "comparison_inputs.h"
#include "cryomer/evaluation/run_judgement.h"

namespace cryomer {

// The base structure of a run folder.
Structure structure_of_run(const std::string& folder);

// Two runs, each trained on one half of the particles (train --half), or two ensembles. Draws --n from each.
Agreement compare_half_sets(const std::vector<std::string>& sides, const Structure& base, const ComparisonInputs& inputs,
                            int64_t seed);

// One run by itself; a half-finished one as far as it goes. Particles are those of `inputs.posterior` where it is given (a folder
// of infer, best with --structures samples:K), else some are inferred here.
RunJudgement judge_run(const std::string& folder, const Structure& base, const ComparisonInputs& inputs,
                       const std::string& data_dir, int64_t seed);

}  // namespace cryomer
