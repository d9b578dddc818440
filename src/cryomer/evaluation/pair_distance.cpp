#include "cryomer/evaluation/pair_distance.h"

#include <cmath>

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"

namespace cryomer {

double PairDistance::of(const float* conformation) const {
  double sum = 0;
  for (int k = 0; k < 3; ++k) {
    const double difference = static_cast<double>(conformation[3 * first + k]) - conformation[3 * second + k];
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

PairDistance parse_pair_distance(const Structure& structure, const std::string& text) {
  const std::vector<std::string> labels = split(text, ':');
  if (labels.size() != 2) {
    fail_usage(
        "the distance '{}' names {} atom{}, expected two as CHAIN/RESIDUE/ATOM:CHAIN/RESIDUE/ATOM, "
        "for example A/284/CA:A/225/CA",
        text, labels.size(), labels.size() == 1 ? "" : "s");
  }
  PairDistance pair;
  pair.name = text;
  pair.first = find_labelled_atom(structure, std::string(trimmed(labels[0])));
  pair.second = find_labelled_atom(structure, std::string(trimmed(labels[1])));
  if (pair.first == pair.second) fail_usage("the distance '{}' names the same atom twice", text);
  return pair;
}

std::vector<double> distances_of(const PairDistance& pair, const Ensemble& ensemble) {
  std::vector<double> distances(ensemble.size());
  for (int64_t i = 0; i < ensemble.size(); ++i) distances[i] = pair.of(ensemble.conformation(i));
  return distances;
}

}  // namespace cryomer
