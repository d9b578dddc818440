// Where candidate poses come from: before training a search with the base structure and its softest normal modes, later
// searches with structures that the model has learned.
#pragma once

#include <functional>

#include "cryomer/data/particle_loader.h"
#include "cryomer/model/autoencoder.h"
#include "cryomer/model/posterior_table.h"
#include "cryomer/pose_search/pose_search.h"
#include "cryomer/training/pose_table.h"
#include "cryomer/training/training_config.h"

namespace cryomer {

PoseGrid pose_grid(const PoseSearchConfig& config);

// The candidates of the first particles of the stack, as many as were searched. Empty again when all of them have gone into the run's table.
struct FirstSearch {
  PoseTable found;
  int64_t searched = 0;
};

// Fills the table for every particle: from nothing, or with poses "refine" around those of the file. Goes on from where `search` stands, and
// calls `further` each time that it has come further. Then learns noise and scales again at the best poses. Fails when the structure explains
// the images no better than it explains pure noise, and warns when poses found from nothing follow the noise (see PoseFinder::found_again).
void first_candidates(Autoencoder& model, const ParticleLoader& loader, const TrainingConfig& config, PoseTable& poses, FirstSearch& search,
                      const std::function<void()>& further);

// Structures that stand for what the model has learned: the prior's components and draws from it, [structures, atoms, 3] A.
Tensor learned_structures(const Autoencoder& model, uint64_t seed);

struct SearchOutcome {
  int64_t searched = 0;  // particles
  double changed = 0;    // share of these with another best pose than before
  double proposed = 0;   // new candidates for one of these, mean
};

// Searches with structures of the prior, gives each new candidate latents (the encoder's, improved), and keeps of old and
// new ones those with the best bounds. Begins with a random choice of particles (pose_search.trial) and goes over the others
// where that gives one in 200 of them another best pose. `latents` may be empty: then the encoder's guess alone decides.
SearchOutcome search_again(const Autoencoder& model, const ParticleLoader& loader, const TrainingConfig& config, PoseTable& poses,
                           PosteriorTable& latents, const Random& random);

}  // namespace cryomer
