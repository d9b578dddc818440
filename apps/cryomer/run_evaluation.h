// What `evaluate` says of runs without a truth: opens them, draws from their models, and hands plain ensembles to the
// evaluation, which knows nothing of models.
#pragma once

#include "comparison_inputs.h"
#include "cryomer/evaluation/run_judgement.h"
#include "run_latents.h"

namespace cryomer {

// The base structure of a run folder.
Structure structure_of_run(const std::string& folder);

// Two runs, each trained on one half of the particles (train --half), or two ensembles. Draws --n from each.
Agreement compare_half_sets(const std::vector<std::string>& sides, const Structure& base, const ComparisonInputs& inputs,
                            int64_t seed);

// Distances in samples of each particle's posterior.
struct SampledDistances {
  int64_t per_particle = 0;
  std::vector<std::vector<double>> distances;  // A, [distance][particle * per_particle + sample]
};

struct JudgementOptions {
  std::vector<PairDistance> distances;
  std::vector<double> cuts;  // A, one per distance (NaN: none), or none at all
  AtomSet atoms = AtomSet::heavy;
  int64_t n = 2048;  // structures on each side of EMD-RMSD
  int64_t seed = 1;
  int64_t particles = 1000, samples = 16;  // at most, decoded for populations
  int64_t simulated = 512;                 // images, to see what single ones can tell
  // What is there already and need not be made here: draws of the prior, samples of all the particles.
  const Ensemble* prior = nullptr;
  const SampledDistances* sampled = nullptr;
};

// Prior, particles and populations of a model.
void judge_model(RunJudgement& judgement, const TrainedModel& trained, const RunLatents& latents, const Structure& base,
                 const JudgementOptions& options);

// Images simulated from the model, with the optics, views and noise of its particles, and inferred again. Absent where they do not fit the model.
void judge_recovery(RunJudgement& judgement, const TrainedModel& trained, const ParticleStack& stack, const JudgementOptions& options);

// Of the last row of metrics.csv; what is missing goes to `absent`.
std::optional<HeldOutFigures> held_out_figures(const RunDirectory& directory, std::vector<std::string>& absent);

// One run by itself; a half-finished one as far as it goes. Particles are those of `inputs.posterior` where it is given (a folder
// of infer, best with --structures samples:K), else some are inferred here.
RunJudgement judge_run(const std::string& folder, const Structure& base, const ComparisonInputs& inputs,
                       const std::string& data_dir, int64_t seed);

}  // namespace cryomer
