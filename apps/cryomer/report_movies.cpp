#include "report_movies.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "cryomer/base/text.h"
#include "cryomer/evaluation/conformations.h"

namespace cryomer {

namespace {

constexpr double kBytes = 6e6;             // of all movies, before they are packed
constexpr double kBytesPerAtom = 6;
constexpr int64_t kPaths = 3, kPathFrames = 31, kEnsembleFrames = 100;

}  // namespace

MovieRoom movie_room(const Structure& structure) {
  const auto share_of = [](size_t atoms) { return kBytes / (kBytesPerAtom * double(atoms) * double(kPaths * kPathFrames + kEnsembleFrames)); };
  MovieRoom room;
  room.atoms.resize(structure.atoms.size());
  std::iota(room.atoms.begin(), room.atoms.end(), 0);
  if (share_of(room.atoms.size()) < 1) room.atoms = ribbon_atoms(structure);
  const double share = std::min(1.0, share_of(room.atoms.size()));
  room.path_frames = std::max<int64_t>(7, std::llround(share * kPathFrames));
  room.ensemble_frames = std::max<int64_t>(8, std::llround(share * kEnsembleFrames));
  return room;
}

std::vector<Movie> path_movies(const TrainedModel& trained, const LatentView& view, const MovieRoom& room) {
  std::vector<Movie> movies;
  const LatentDirections& directions = view.directions;
  for (int64_t c = 0; c < std::min(directions.count(), kPaths); ++c) {
    std::vector<double> sorted = view.projected[c];
    std::sort(sorted.begin(), sorted.end());
    const double last = double(sorted.size() - 1);
    const double from = sorted[size_t(0.02 * last)], to = sorted[size_t(std::ceil(0.98 * last))];
    if (!(to > from)) continue;
    Movie movie;
    movie.kind = Movie::Kind::path;
    movie.label = formatted("Direction {}", c + 1);
    movie.remark = formatted("A walk through latent space along principal direction {} of the aggregated posterior, as far as CAs move ({:.0f} % of "
                             "their variance), from the 2nd to the 98th percentile of the particles. Where it passes no points, the structure is only what "
                             "the decoder puts between them.",
                             c + 1, 100 * directions.share[c]);
    movie.atoms = room.atoms;
    std::vector<float> points;
    for (int64_t i = 0; i < room.path_frames; ++i) {
      movie.place.push_back(from + (to - from) * double(i) / double(room.path_frames - 1));
      const std::vector<float> z = directions.point(c, movie.place.back());
      points.insert(points.end(), z.begin(), z.end());
    }
    const Tensor latents = tensor_from(points, {room.path_frames, directions.dimension});
    decode_in_blocks(trained, latents, "walking", [&](const Tensor& block) {
      for (int64_t i = 0; i < block.size(0); ++i) append_atoms(movie.frames, block.data_ptr<float>() + i * block.size(1) * 3, room.atoms);
    });
    movies.push_back(std::move(movie));
  }
  return movies;
}

Movie ensemble_movie(const Ensemble& ensemble, const Ensemble& superposed, const MovieRoom& room) {
  const int64_t count = std::min(room.ensemble_frames, ensemble.size());
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < count; ++i) chosen.push_back(i * ensemble.size() / count);
  std::vector<int> all(superposed.atom_count);
  std::iota(all.begin(), all.end(), 0);
  Movie movie;
  movie.kind = Movie::Kind::ensemble;
  movie.label = "Ensemble";
  movie.remark = formatted("{} of the {} structures of the ensemble, each followed by the most similar of those left.", count, ensemble.size());
  movie.atoms = room.atoms;
  for (const int64_t i : neighbour_order(selected(superposed, chosen, all))) append_atoms(movie.frames, ensemble.conformation(chosen[i]), room.atoms);
  return movie;
}

Movie state_movie(const Ensemble& ensemble, const Ensemble& superposed, const std::vector<size_t>& state_of,
                  const std::vector<std::string>& names, const MovieRoom& room) {
  Movie movie;
  movie.kind = Movie::Kind::states;
  movie.label = "States";
  movie.remark = "Of each state the structure of the ensemble that is nearest to the state's mean.";
  movie.atoms = room.atoms;
  const int64_t values = 3 * superposed.atom_count;
  for (size_t state = 0; state < names.size(); ++state) {
    std::vector<double> mean(values, 0.0);
    int64_t members = 0;
    for (int64_t i = 0; i < ensemble.size(); ++i) {
      if (state_of[i] != state) continue;
      ++members;
      for (int64_t v = 0; v < values; ++v) mean[v] += superposed.conformation(i)[v];
    }
    int64_t nearest = -1;
    double least = std::numeric_limits<double>::infinity();
    for (int64_t i = 0; i < ensemble.size(); ++i) {
      if (state_of[i] != state) continue;
      double sum = 0;
      for (int64_t v = 0; v < values; ++v) sum += std::pow(superposed.conformation(i)[v] - mean[v] / double(members), 2);
      if (sum < least) least = sum, nearest = i;
    }
    if (nearest < 0) continue;
    append_atoms(movie.frames, ensemble.conformation(nearest), room.atoms);
    movie.names.push_back(formatted("{} ({:.1f} %)", names[state], 100 * double(members) / double(ensemble.size())));
  }
  return movie;
}

}  // namespace cryomer
