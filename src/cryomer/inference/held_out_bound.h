// How well a trained model explains particles that it has not learned from.
#pragma once

#include <optional>

#include "cryomer/inference/posterior.h"

namespace cryomer {

constexpr int64_t kHeldOutAsked = 512;

// Rows of the particles that were held out, `most` at most, evenly spread.
std::vector<int64_t> held_out_rows(const TrainedModel& trained, const ParticleStack& stack, int64_t most = kHeldOutAsked);

// Mean log likelihood less divergence, nats an image, of the particles that were held out (512 at most, evenly spread), inferred as `infer` does, but with the likelihood's plain power: of models of the
// same particles the one with the higher bound has learned more that is true of others. The bounds that training goes along with are of posteriors
// that have followed the decoder through the run, and tell models apart less well (docs/experiments.md, "Which of two runs is nearer to the truth?").
// `stack`: the particles that the model was trained on. Nothing where none were held out.
std::optional<double> held_out_bound(const TrainedModel& trained, const ParticleStack& stack);

}  // namespace cryomer
