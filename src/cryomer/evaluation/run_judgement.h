// What can be said of a run when nobody knows the truth.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cryomer/evaluation/agreement.h"
#include "cryomer/evaluation/findings.h"
#include "cryomer/evaluation/population.h"
#include "cryomer/evaluation/posterior_comparison.h"

namespace cryomer {

// Of particles that the model was not trained on, nats per image, after the last pass.
struct HeldOutFigures {
  int64_t epoch = 0;
  double log_likelihood = 0, divergence = 0;  // given the particles' own posteriors, and how far those are from the prior
  double base_log_likelihood = 0;             // of the base structure alone at the same poses
  double training_log_likelihood = 0;         // of the particles it was trained on
  double gain() const { return log_likelihood - divergence - base_log_likelihood; }  // of the bound over the base structure
};

// One main direction of the aggregated posterior (all particles' posteriors together) against the prior: one along which the
// structure moves most, lengths in A (root mean square over CAs).
struct LatentAxis {
  double share = 0;                           // of how much the aggregated posterior moves
  double deviation = 0, prior_deviation = 0;  // standard deviations along it
  double offset = 0;                          // mean of the prior minus mean of the aggregated posterior
  double ks = 0;                              // between the two distributions along it
};

struct RunJudgement {
  std::string run;
  std::optional<HeldOutFigures> held_out;
  std::vector<LatentAxis> latent;
  // Conformations of the particles against draws of the prior: the same distribution, if the prior is what the particles say.
  std::optional<Agreement> particles_and_prior;
  std::vector<Population> populations;  // one per distance
  // Images simulated from the model, with the particles' optics, views and noise, and inferred as new ones (see inference/recovery.h): what single
  // images can tell, if what was learned is true. The baseline is the mean of what they were made from.
  std::optional<PosteriorComparison> recovery;
  double recovery_strength = 1;  // how strongly these images show the structures, as particles do that were held out; 1 is what the model expects
  std::vector<std::string> absent;      // what could not be judged, and why
};

std::string run_table(const RunJudgement& run);
std::vector<Finding> findings(const RunJudgement& run);

}  // namespace cryomer
