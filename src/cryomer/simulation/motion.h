// Ensembles made from one structure: it moves along its own softest normal modes, residues stay rigid and the chain is
// kept closed. For demonstrations and tests, where no trajectory is at hand.
#pragma once

#include "cryomer/structure/ensemble.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

enum class MotionKind {
  unimodal,    // normal spread along the softest modes around the base
  bimodal,     // two such states, at either end of the softest mode, 60 to 40
  continuous,  // evenly along a curved path from one end of the softest mode to the other
};
MotionKind motion_kind_from_name(const std::string& name);

struct Motion {
  MotionKind kind = MotionKind::continuous;
  double amplitude = 4.0;  // A RMSD of the softest mode: its end points, or one standard deviation
  int states = 500;
};

Ensemble moved_ensemble(const Structure& structure, const Motion& motion, uint64_t seed);

}  // namespace cryomer
