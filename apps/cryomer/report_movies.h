// What the report's viewer plays: walks through latent space, the ensemble, and one structure of each state.
#pragma once

#include "cryomer/inference/sampling.h"
#include "cryomer/report/explorer.h"
#include "cryomer/report/run_report.h"

namespace cryomer {

// How many frames a page has room for, and with which atoms: all of them, or for large molecules those of a ribbon.
struct MovieRoom {
  std::vector<int> atoms;
  int64_t path_frames = 0, ensemble_frames = 0;
};
MovieRoom movie_room(const Structure& structure);

// Straight walks through the particles' mean along the directions in which they are spread most, from the 2nd to the 98th
// percentile of what is projected on each.
std::vector<Movie> path_movies(const TrainedModel& trained, const LatentView& view, const MovieRoom& room);

// Some of the ensemble, each followed by the most similar one; `superposed` holds the CAs of the ensemble, superposed.
Movie ensemble_movie(const Ensemble& ensemble, const Ensemble& superposed, const MovieRoom& room);

// Of each state the structure whose CAs are nearest to the state's mean; states without structures are left out.
// state_of: of each structure of the ensemble, index into names.
Movie state_movie(const Ensemble& ensemble, const Ensemble& superposed, const std::vector<size_t>& state_of,
                  const std::vector<std::string>& names, const MovieRoom& room);

}  // namespace cryomer
