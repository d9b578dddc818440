#include <cmath>
#include <filesystem>
#include <memory>

#include "command.h"
#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/text.h"
#include "cryomer/data/particle_stack.h"
#include "cryomer/base/units.h"
#include "cryomer/evaluation/comparison_text.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/io/weights.h"

namespace cryomer {

namespace {

struct Evaluate {
  CommonOptions common;
  std::string structure, ensemble, posterior, truth, truth_star, truth_weights, topology, truth_topology, atoms = "heavy";
  int64_t n = 2048;
  std::vector<std::string> distances;
  std::vector<double> cuts;

  void run() const;
  void check_posterior() const;
};

constexpr int64_t kMostDrawn = 30000;

const StarTable& particle_table(const StarFile& star, const std::string& path) {
  for (const StarTable& table : star.tables) {
    if (table.has("cryomerStateIndex") || table.has("rlnImageName")) return table;
  }
  fail("{}: no table with particles in it", path);
}

// Poses of a STAR's rows, or none when it has no angles.
std::vector<Pose> poses_of(const StarTable& table) {
  const int rot = table.column("rlnAngleRot"), tilt = table.column("rlnAngleTilt"), psi = table.column("rlnAnglePsi");
  const int x = table.column("rlnOriginXAngst"), y = table.column("rlnOriginYAngst");
  std::vector<Pose> poses;
  if (rot < 0 || tilt < 0 || psi < 0) return poses;
  for (int64_t row = 0; row < table.row_count(); ++row) {
    Pose pose;
    pose.rotation = rotation_from_euler({radians(table.number(row, rot)), radians(table.number(row, tilt)), radians(table.number(row, psi))});
    if (x >= 0 && y >= 0) {
      pose.shift_x = -table.number(row, x);
      pose.shift_y = -table.number(row, y);
    }
    poses.push_back(pose);
  }
  return poses;
}

// Before the long part.
void Evaluate::check_posterior() const {
  namespace fs = std::filesystem;
  if (!fs::is_directory(posterior)) fail("--posterior {}: no such folder; expected the --out folder of `cryomer infer`", posterior);
  for (const char* name : {"particles.star", "structures.dcd"}) {
    if (fs::exists(posterior + "/" + name)) continue;
    fail("--posterior {}: there is no {} in it. It comes from `cryomer infer` with --structures mean or samples:K", posterior, name);
  }
}

void Evaluate::run() const {
  common.apply();
  if (ensemble.empty() && posterior.empty()) fail_usage("give --ensemble (a trajectory), --posterior (a folder of cryomer infer), or both");
  if (!posterior.empty() && truth_star.empty()) fail_usage("--posterior needs --truth-star, the STAR with the true states (simulate writes truth.star)");
  if (n < 1 || n > kMostDrawn) fail_usage("--n {}: expected 1 to {}; time and memory grow with its square", n, kMostDrawn);
  if (lower(atoms) != "heavy" && lower(atoms) != "ca") fail_usage("--atoms {}: expected heavy or ca", atoms);
  if (!cuts.empty() && cuts.size() != distances.size()) {
    fail_usage("--cut is given {} times and --distance {} times: expected one cut for each distance, in the same order",
               cuts.size(), distances.size());
  }
  for (const double cut : cuts) {
    if (!std::isfinite(cut)) fail_usage("--cut {}: expected a number, A", cut);
  }
  if (!posterior.empty()) check_posterior();
  const Structure base = read_structure(structure);
  const Ensemble states = read_ensemble(truth, base, truth_topology);
  std::vector<PairDistance> pairs;
  for (const std::string& text : distances) pairs.push_back(parse_pair_distance(base, text));
  EnsembleComparison of_ensemble;
  PosteriorComparison of_posterior;
  if (!ensemble.empty()) {
    EnsembleComparisonOptions options;
    options.emd.n = n;
    options.emd.seed = uint64_t(common.seed);
    options.atoms = atom_set_from_name(atoms);
    options.distances = pairs;
    options.cuts = cuts;
    if (!truth_weights.empty()) options.truth_weights = read_weights(truth_weights, states.size(), truth);
    of_ensemble = compare_ensembles(base, read_ensemble(ensemble, base, topology), states, options);
    std::printf("%s", comparison_table(of_ensemble).c_str());
  }
  if (!posterior.empty()) {
    const std::string found_star = posterior + "/particles.star";
    const StarFile found = read_star(found_star), expected = read_star(truth_star);
    const StarTable &found_table = particle_table(found, found_star), &expected_table = particle_table(expected, truth_star);
    if (found_table.row_count() != expected_table.row_count()) {
      fail("{} has {} particles, {} has {}: expected the same rows in the same order", found_star, found_table.row_count(),
           truth_star, expected_table.row_count());
    }
    const int state = expected_table.column("cryomerStateIndex");
    if (state < 0) fail("{}: column _cryomerStateIndex (which state each particle shows) is missing; simulate writes it", truth_star);
    PosteriorTruth reality;
    reality.states = &states;
    for (int64_t row = 0; row < expected_table.row_count(); ++row) reality.state_of.push_back(expected_table.integer(row, state));
    reality.poses = poses_of(expected_table);
    PosteriorComparisonOptions options;
    options.atoms = atom_set_from_name(atoms);
    options.distances = pairs;
    const auto structures = open_trajectory(posterior + "/structures.dcd", base);
    of_posterior = compare_posterior(base, *structures, poses_of(found_table), reality, options);
    std::printf("%s", comparison_table(of_posterior).c_str());
  }
  if (!common.json.empty()) {
    write_file_atomically(common.json, comparison_json(ensemble.empty() ? nullptr : &of_ensemble, posterior.empty() ? nullptr : &of_posterior));
  }
}

}  // namespace

void add_evaluate(CLI::App& program) {
  CLI::App* command = program.add_subcommand("evaluate", "How right an ensemble or a posterior is, when the truth is known");
  auto s = std::make_shared<Evaluate>();
  command->add_option("--structure", s->structure, "Base structure, PDB or mmCIF: the atoms that are compared")->required();
  command->add_option("--ensemble", s->ensemble, "Ensemble to judge: DCD, multi-model PDB or mmCIF");
  command->add_option("--topology", s->topology, "Atoms of a DCD ensemble, when they are not those of the structure");
  command->add_option("--posterior", s->posterior, "Folder of cryomer infer, to judge particle by particle");
  command->add_option("--truth", s->truth, "True states: DCD, multi-model PDB or mmCIF")->required();
  command->add_option("--truth-topology", s->truth_topology, "Atoms of a DCD truth, when they are not those of the structure");
  command->add_option("--truth-weights", s->truth_weights, "Text file, one weight per true state");
  command->add_option("--truth-star", s->truth_star, "STAR with the true state and pose of each particle");
  command->add_option("--n", s->n, "Structures drawn from each side for EMD-RMSD")->capture_default_str();
  command->add_option("--atoms", s->atoms, "Atoms of RMSDs: heavy or ca")->capture_default_str();
  command->add_option("--distance", s->distances, "Pair distance such as A/284/CA:A/225/CA; may be repeated");
  command->add_option("--cut", s->cuts, "A, one for each --distance: groups by distances below and above");
  s->common.add(*command, true);
  command->callback([s] { s->run(); });
}

}  // namespace cryomer
