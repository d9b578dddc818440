// Whether an ensemble is of the other hand. Images without tilt show a molecule and its mirror image alike, so a
// reconstruction without a model of known hand may come out as either.
#pragma once

#include "cryomer/structure/ensemble.h"

namespace cryomer {

struct MirrorCheck {
  // RMSD (A) of a conformation to the nearest true one, and of its mirror image likewise; medians over at most 50
  // conformations against at most 50 true ones, evenly spread.
  double rmsd = 0, rmsd_mirrored = 0;

  bool is_mirrored() const { return rmsd_mirrored < rmsd; }
};

// Both hold the same atoms in the same order.
MirrorCheck check_mirror_image(const Ensemble& ensemble, const Ensemble& truth);

}  // namespace cryomer
