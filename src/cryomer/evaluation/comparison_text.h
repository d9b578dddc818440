// The figures of a comparison for programs (JSON) and for people (a table for the terminal).
#pragma once

#include <string>

#include "cryomer/evaluation/ensemble_comparison.h"
#include "cryomer/evaluation/posterior_comparison.h"
#include "cryomer/evaluation/run_judgement.h"

namespace cryomer {

// One JSON object; either part may be absent (nullptr). Both parts' figures of a distance stand in one entry
// of "distances", joined by name. Figures that do not exist (NaN) are null. Lengths in A, angles in degrees.
std::string comparison_json(const EnsembleComparison* ensemble, const PosteriorComparison* posterior);

// Likewise with what is judged without a truth: "half_sets", and "run" with "held_out", "latent_directions",
// "particles_and_prior", "populations" and "recovery". All sentences are in "findings".
struct EvaluationParts {
  const EnsembleComparison* ensemble = nullptr;
  const PosteriorComparison* posterior = nullptr;
  const Agreement* half_sets = nullptr;
  const RunJudgement* run = nullptr;
};
std::string evaluation_json(const EvaluationParts& parts);

std::string comparison_table(const EnsembleComparison& ensemble);
std::string comparison_table(const PosteriorComparison& posterior);

}  // namespace cryomer
