// How often an ensemble is in each of the groups that cutting k distances at k values makes (Rosenbaum et al.
// 2021, figure 8b: two distances, four groups).
#pragma once

#include <string>
#include <vector>

#include "cryomer/evaluation/marginal.h"
#include "cryomer/evaluation/pair_distance.h"

namespace cryomer {

// Fractions of the 2^k cells, summing to one. values[d] holds distance d of every conformation. Cell number:
// one bit per distance, the first distance highest, set where the value is not below its cut.
std::vector<double> mode_occupancy(const std::vector<std::vector<double>>& values,
                                   const std::vector<double>& cuts, const std::vector<double>& weights);

// Names of the same cells: "A/288/CA-A/255/CZ<6.5,A/284/CA-A/225/CA>37".
std::vector<std::string> mode_labels(const std::vector<PairDistance>& pairs, const std::vector<double>& cuts);

}  // namespace cryomer
