// How much each residue moves within an ensemble.
#pragma once

#include <vector>

#include "cryomer/structure/ensemble.h"

namespace cryomer {

struct Fluctuations {
  Ensemble superposed;         // every conformation moved onto the mean
  std::vector<double> rmsf;    // A per atom: root mean square distance from its mean position
};

// `weights` has one weight per conformation, or none for equal ones. The mean is found by superposing everything on it and
// averaging again until it stands still; it starts from the first conformation.
Fluctuations fluctuations(const Ensemble& ensemble, const std::vector<double>& weights = {});

}  // namespace cryomer
