#include "cryomer/simulation/motion.h"

#include <cmath>

#include "cryomer/base/error.h"
#include "cryomer/base/random.h"
#include "cryomer/base/stop.h"
#include "cryomer/base/text.h"
#include "cryomer/base/units.h"
#include "cryomer/protein/normal_modes.h"
#include "cryomer/protein/relaxation.h"
#include "cryomer/protein/restraints.h"
#include "cryomer/protein/rigid_residues.h"

namespace cryomer {

MotionKind motion_kind_from_name(const std::string& name) {
  if (name == "unimodal") return MotionKind::unimodal;
  if (name == "bimodal") return MotionKind::bimodal;
  if (name == "continuous") return MotionKind::continuous;
  fail_usage("--motion {}: unknown kind.{} Known: unimodal, bimodal, continuous", name,
             did_you_mean(name, {"unimodal", "bimodal", "continuous"}));
}

namespace {

constexpr int kModes = 4;
// Thermal spread of the modes beyond the first, as a share of what their stiffness allows.
constexpr double kSpread = 0.4;

// Amplitudes (A RMSD) of the modes for one state.
std::vector<double> amplitudes(const Motion& motion, const NormalModes& modes, int state, Random& random) {
  std::vector<double> a(modes.size());
  for (int64_t m = 0; m < modes.size(); ++m) {
    const double allowed = motion.amplitude * std::sqrt(modes.stiffness[0] / modes.stiffness[m]);
    a[m] = kSpread * allowed * random.normal();
  }
  switch (motion.kind) {
    case MotionKind::unimodal: a[0] /= kSpread; break;
    case MotionKind::bimodal: {
      const bool first = state < 0.6 * motion.states;
      a[0] = motion.amplitude * (first ? 1 : -1) + 0.15 * motion.amplitude * random.normal();
      break;
    }
    case MotionKind::continuous: {
      const double path = 2 * (state + random.uniform()) / motion.states - 1;
      a[0] = motion.amplitude * path;
      if (modes.size() > 1) {
        const double bend = motion.amplitude * std::sqrt(modes.stiffness[0] / modes.stiffness[1]);
        a[1] = bend * std::cos(kPi * path) + 0.3 * a[1];
      }
      break;
    }
  }
  return a;
}

}  // namespace

Ensemble moved_ensemble(const Structure& structure, const Motion& motion, uint64_t seed) {
  if (motion.states < 1 || motion.states > 1000000) fail_usage("--motion-states {}: expected 1 to 1000000", motion.states);
  if (!(motion.amplitude > 0 && motion.amplitude <= 100)) {
    fail_usage("--motion-amplitude {}: expected A, more than 0 and at most 100", motion.amplitude);
  }
  const NormalModes modes = normal_modes(structure, kModes);
  const auto bodies = rigid_residues(structure);
  const std::vector<DistanceRestraint> restraints = chain_restraints(structure);
  const int residues = structure.residue_count();
  Ensemble ensemble;
  ensemble.atom_count = structure.atom_count();
  ensemble.coordinates.resize(size_t(motion.states) * 3 * structure.atom_count());
  const Tensor twists = modes.twists().reshape({modes.size(), -1}).contiguous();
  parallel_for(motion.states, 4, [&](int64_t begin, int64_t end) {
    PlacementWorkspace workspace;
    for (int64_t state = begin; state < end && !stop_requested(); ++state) {
      Random random = Random(seed, 0x307).substream(uint64_t(state));
      const std::vector<double> a = amplitudes(motion, modes, int(state), random);
      std::vector<float> twist(6 * size_t(residues), 0.0f);
      for (int64_t m = 0; m < modes.size(); ++m) {
        const float* const mode = twists.data_ptr<float>() + m * int64_t(twist.size());
        for (size_t k = 0; k < twist.size(); ++k) twist[k] += float(a[m]) * mode[k];
      }
      float* const positions = ensemble.conformation(state);
      place_atoms(bodies->view(), Movement::twist, twist.data(), positions, workspace);
      relax_chain(*bodies, restraints, positions);
    }
  });
  if (stop_requested()) throw Interrupted("stopped while making states; nothing was written");
  return ensemble;
}

}  // namespace cryomer
