#include "comparison_inputs.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <numeric>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/text.h"
#include "cryomer/data/particle_table.h"
#include "cryomer/evaluation/conformations.h"
#include "cryomer/io/common_atoms.h"
#include "cryomer/io/npy.h"
#include "cryomer/io/weights.h"

namespace cryomer {

void ComparisonInputs::add(CLI::App& command) {
  command.add_option("--ensemble", ensemble, "Ensemble to judge: DCD, multi-model PDB or mmCIF");
  command.add_option("--topology", topology, "Atoms of a DCD ensemble, when they are not those of the structure");
  command.add_option("--posterior", posterior, "Folder of cryomer infer, to judge particle by particle");
  command.add_option("--truth", truth, "True states: DCD, multi-model PDB or mmCIF");
  command.add_option("--truth-topology", truth_topology, "Atoms of a DCD truth, when they are not those of the structure");
  command.add_option("--truth-weights", truth_weights, "Text file, one weight per true state");
  command.add_option("--truth-star", truth_star, "STAR with the true state and pose of each particle");
  command.add_option("--n", n, "Structures drawn from each side for EMD-RMSD")->capture_default_str();
  command.add_option("--atoms", atoms, "Atoms of RMSDs: heavy or ca")->capture_default_str();
  command.add_option("--distance", distances, "Pair distance such as A/284/CA:A/225/CA; may be repeated");
  command.add_option(
      "--cut", cuts,
      "A, one for each --distance, in their order: groups by distances below and above (Rosenbaum et al. 2021, Aurora A: "
      "--distance A/288/CA:A/255/CZ --cut 6.5 --distance A/284/CA:A/225/CA --cut 37)");
}

std::vector<PairDistance> ComparisonInputs::pairs(const Structure& base) const {
  std::vector<PairDistance> pairs;
  for (const std::string& text : distances) pairs.push_back(parse_pair_distance(base, text));
  return pairs;
}

void ComparisonInputs::check() const {
  constexpr int64_t kMostDrawn = 30000;
  if (n < 1 || n > kMostDrawn) fail_usage("--n {}: expected 1 to {}; time and memory grow with its square", n, kMostDrawn);
  if (lower(atoms) != "heavy" && lower(atoms) != "ca") fail_usage("--atoms {}: expected heavy or ca", atoms);
  if (!cuts.empty() && cuts.size() != distances.size()) {
    fail_usage("--cut is given {} times and --distance {} times: expected one cut for each distance, in the same order",
               cuts.size(), distances.size());
  }
  for (const double cut : cuts) {
    if (!std::isfinite(cut)) fail_usage("--cut {}: expected a number, A", cut);
  }
  if (posterior.empty()) return;
  if (!std::filesystem::is_directory(posterior)) {
    fail("--posterior {}: no such folder; expected the --out folder of `cryomer infer`", posterior);
  }
  for (const char* name : {"particles.star", "structures.dcd"}) {
    if (std::filesystem::exists(posterior + "/" + name)) continue;
    fail("--posterior {}: there is no {} in it. It comes from `cryomer infer` with --structures mean or samples:K", posterior, name);
  }
}

CommonAtoms::CommonAtoms(const Structure& base, const ComparisonInputs& inputs) : base_(base) {
  atoms_ = atoms_in_trajectory(inputs.truth, base, inputs.truth_topology);
  const auto tell = [&](const std::string& path, const std::vector<int>& kept) {
    if (int(kept.size()) < base.atom_count())
      log_warning("{} lacks atoms of {}; left out of the comparison are {}", path, base.source, describe_left_out(base, kept));
  };
  tell(inputs.truth, atoms_);
  if (!inputs.ensemble.empty()) {
    const std::vector<int> other = atoms_in_trajectory(inputs.ensemble, base, inputs.topology);
    tell(inputs.ensemble, other);
    std::vector<int> both;
    std::set_intersection(atoms_.begin(), atoms_.end(), other.begin(), other.end(), std::back_inserter(both));
    atoms_ = both;
  }
  if (atoms_.size() < 3)
    fail("{} and {} have {} atoms of {} in common, expected at least three", inputs.truth, inputs.ensemble, atoms_.size(),
         base.source);
  structure_ = int(atoms_.size()) == base.atom_count() ? base : restricted(base, atoms_);
}

Ensemble CommonAtoms::read(const std::string& path, const std::string& topology) const {
  const std::vector<int> own = atoms_in_trajectory(path, base_, topology);
  const bool whole = int(own.size()) == base_.atom_count();
  Ensemble ensemble = read_ensemble(path, whole ? base_ : restricted(base_, own), topology);
  if (own.size() == atoms_.size()) return ensemble;
  std::vector<int> places;
  for (const int atom : atoms_) places.push_back(int(std::lower_bound(own.begin(), own.end(), atom) - own.begin()));
  std::vector<int64_t> all(ensemble.size());
  std::iota(all.begin(), all.end(), int64_t{0});
  return selected(ensemble, all, places);
}

const StarTable& particle_table(const StarFile& star, const std::string& path) {
  for (const StarTable& table : star.tables) {
    if (table.has("cryomerStateIndex") || table.has(kImageName)) return table;
  }
  fail("{}: no table with particles in it", path);
}

std::vector<Pose> poses_of(const StarTable& table) {
  if (!missing_angles(table).empty()) return {};
  return read_poses(table, [&](int64_t) -> double {
    fail("{}: shifts are in pixels (_rlnOriginX); expected _rlnOriginXAngst and _rlnOriginYAngst, in A", table.source);
  });
}

PosteriorTruth particle_truth(const ComparisonInputs& inputs, const Ensemble& states) {
  const StarFile star = read_star(inputs.truth_star);
  const StarTable& table = particle_table(star, inputs.truth_star);
  const int state = table.column("cryomerStateIndex");
  if (state < 0) {
    fail("{}: column _cryomerStateIndex (which state each particle shows) is missing; simulate writes it", inputs.truth_star);
  }
  PosteriorTruth truth;
  truth.states = &states;
  for (int64_t row = 0; row < table.row_count(); ++row) truth.state_of.push_back(table.integer(row, state));
  truth.poses = poses_of(table);
  return truth;
}

EnsembleComparison compare_ensemble(const ComparisonInputs& inputs, const Structure& base, const Ensemble& ensemble,
                                    const Ensemble& states, const std::vector<PairDistance>& pairs, int64_t seed) {
  EnsembleComparisonOptions options;
  options.emd.n = inputs.n;
  options.emd.seed = uint64_t(seed);
  options.atoms = atom_set_from_name(inputs.atoms);
  options.distances = pairs;
  options.cuts = inputs.cuts;
  if (!inputs.truth_weights.empty()) options.truth_weights = read_weights(inputs.truth_weights, states.size(), inputs.truth);
  return compare_ensembles(base, ensemble, states, options);
}

PosteriorComparison compare_posterior_folder(const ComparisonInputs& inputs, const Structure& base, const PosteriorTruth& truth,
                                             const std::vector<PairDistance>& pairs) {
  const std::string found_star = inputs.posterior + "/particles.star";
  const StarFile found = read_star(found_star);
  const StarTable& table = particle_table(found, found_star);
  if (table.row_count() != int64_t(truth.state_of.size())) {
    fail("{} has {} particles, {} has {}: expected the same rows in the same order", found_star, table.row_count(),
         inputs.truth_star, truth.state_of.size());
  }
  PosteriorComparisonOptions options;
  options.atoms = atom_set_from_name(inputs.atoms);
  options.distances = pairs;
  options.n = inputs.n;
  if (const std::string path = inputs.posterior + "/latents.npy"; std::filesystem::exists(path)) {
    const NpyArray latents = read_npy(path);
    if (latents.shape.size() == 2 && latents.shape[0] == table.row_count()) options.latents = tensor_from(latents.values, latents.shape);
  }
  const auto structures = open_trajectory(inputs.posterior + "/structures.dcd", base);
  return compare_posterior(base, *structures, poses_of(table), truth, options);
}

}  // namespace cryomer
