// The distance between two named atoms: independent of the pose, and what FRET and DEER measure.
#pragma once

#include <string>
#include <vector>

#include "cryomer/structure/ensemble.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

struct PairDistance {
  std::string name;           // as it was asked for: "A/284/CA:A/225/CA"
  int first = 0, second = 0;  // atoms of the structure

  double of(const float* conformation) const;  // A
};

// "A/284/CA:A/225/CA", that is CHAIN/RESIDUE/ATOM twice. Fails when the text or an atom is not understood.
PairDistance parse_pair_distance(const Structure& structure, const std::string& text);

std::vector<double> distances_of(const PairDistance& pair, const Ensemble& ensemble);  // [size], A

}  // namespace cryomer
