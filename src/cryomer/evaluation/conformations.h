// Choosing among conformations, and refusing those that no figure can be computed from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cryomer/base/random.h"
#include "cryomer/structure/ensemble.h"

namespace cryomer {

// The conformations at `conformations` (repetition allowed), each reduced to `atoms`.
Ensemble selected(const Ensemble& ensemble, const std::vector<int64_t>& conformations,
                  const std::vector<int>& atoms);

// Fails on an empty set and on the first coordinate that is infinite or not a number; `name` is the set's in
// the message.
void require_usable(const Ensemble& ensemble, const std::string& name);

// n draws from 0..size-1. A set of exactly n is used whole, each once and in order; a larger one is sampled
// without, a smaller one with replacement.
std::vector<int64_t> sampled(int64_t size, int64_t n, Random& random);

// n draws in proportion to the weights: each member comes up floor(n w) or ceil(n w) times, w its share
// (systematic resampling over a random order), so that equal weights mean the same as none wherever size >=
// n.
std::vector<int64_t> sampled_by_weight(const std::vector<double>& weights, int64_t n, Random& random);

// Weights as shares that sum to one. Fails unless there is one finite, non-negative weight per member and a
// positive one among them. No weights at all stand for equal ones.
std::vector<double> normalised_weights(const std::vector<double>& weights, int64_t size,
                                       const std::string& name);

}  // namespace cryomer
