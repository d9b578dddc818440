// What `evaluate` and `report` compare a model's output with, from the same flags, so that both give the same figures.
#pragma once

#include <optional>

#include "command.h"
#include "cryomer/evaluation/ensemble_comparison.h"
#include "cryomer/evaluation/posterior_comparison.h"
#include "cryomer/io/star.h"

namespace cryomer {

struct ComparisonInputs {
  std::string ensemble, topology, posterior, truth, truth_topology, truth_weights, truth_star, atoms = "heavy";
  int64_t n = 2048;
  std::vector<std::string> distances;
  std::vector<double> cuts;

  void add(CLI::App& command);
  std::vector<PairDistance> pairs(const Structure& base) const;
  // Before anything long begins: fails when flags make no sense or the posterior's folder lacks what is needed.
  void check() const;
};

// The atoms of the base that --truth and --ensemble have, too; others are left out, which is said in the log. With the same atoms
// everywhere this is the base itself.
class CommonAtoms {
 public:
  CommonAtoms(const Structure& base, const ComparisonInputs& inputs);
  const Structure& structure() const { return structure_; }
  Ensemble read(const std::string& path, const std::string& topology) const;

 private:
  const Structure& base_;
  std::vector<int> atoms_;  // of the base
  Structure structure_;
};

// The table with the particles' rows; `path` is for the message when there is none.
const StarTable& particle_table(const StarFile& star, const std::string& path);
// Poses of a STAR's rows, or none when it has no angles.
std::vector<Pose> poses_of(const StarTable& table);
// State and pose of each particle from --truth-star.
PosteriorTruth particle_truth(const ComparisonInputs& inputs, const Ensemble& states);

EnsembleComparison compare_ensemble(const ComparisonInputs& inputs, const Structure& base, const Ensemble& ensemble,
                                    const Ensemble& states, const std::vector<PairDistance>& pairs, int64_t seed);
// The structures and poses in the folder --posterior.
PosteriorComparison compare_posterior_folder(const ComparisonInputs& inputs, const Structure& base, const PosteriorTruth& truth,
                                             const std::vector<PairDistance>& pairs);

}  // namespace cryomer
