// What a run's particles say in latent space, for the commands that look at it, and structures out of it.
#pragma once

#include <string>
#include <vector>

#include "cryomer/evaluation/latent_directions.h"
#include "cryomer/inference/posterior.h"
#include "cryomer/structure/ensemble.h"

namespace cryomer {

// Posteriors of particles.
struct RunLatents {
  Tensor mean, deviation;     // [particles, latent_dim]; a folder may lack deviations, then they are undefined
  std::vector<int64_t> rows;  // of the particle file
  bool complete = false;      // all particles of the file
  std::string source;         // for people
};

// From a folder of infer, or, when `posterior` is empty, inferred here for at most `most` particles, evenly spread.
RunLatents latents_of_run(const TrainedModel& trained, const std::string& posterior, const std::string& data_dir, int64_t most);

// How the CAs move with each latent coordinate, for PointSpread::effects: between one deviation below and above the means,
// superposed, [dimension][CAs * 3] A for one unit of the coordinate, so scaled that a vector's length is a root mean square over CAs.
std::vector<std::vector<double>> effects_of_latents(const TrainedModel& trained, const std::vector<double>& mean,
                                                    const std::vector<double>& deviation, const std::vector<int>& cas);

// Directions of the aggregated posterior along which the CAs move most, in A (root mean square over CAs); of a structure with less
// than four CAs plain ones of latent space. The aggregated posterior alone has no directions worth the name: it comes close to the
// prior, which is as wide in latents that mean nothing.
LatentDirections moving_directions(const TrainedModel& trained, const RunLatents& latents, int64_t most);

// One sample of each row's posterior for each of `count` draws, particles taken in turn in random order: the aggregated posterior.
Tensor aggregated_draws(const RunLatents& latents, int64_t count, Random random);

// Decoded, and placed on the base structure where poses were inferred, so that what differs is the shape.
Ensemble decoded_structures(const TrainedModel& trained, const Tensor& latents, const std::string& label);

}  // namespace cryomer
