// Candidate poses of images: the exhaustive search over a grid, then each peak climbed with the exact likelihood.
#pragma once

#include <map>

#include "cryomer/pose_search/pose_refinement.h"
#include "cryomer/pose_search/pose_search.h"

namespace cryomer {

class PoseFinder {
 public:
  // conformations [conformations, atoms, 3] A. Templates are made for each pixel size when it is first met.
  PoseFinder(const ImageModel& images, const Tensor& conformations, const PoseGrid& grid);

  // Up to `keep` poses of each image, best first, more than half a grid spacing or shift step apart, of the best `climb`
  // that the grid shows. Their log likelihoods are exact, each with its own conformation.
  std::vector<std::vector<PoseCandidate>> find(const ParticleBatch& batch, int climb, int keep);
  // The same from starts of one's own, without the search.
  std::vector<std::vector<PoseCandidate>> climb(const ParticleBatch& batch, const std::vector<std::vector<PoseCandidate>>& starts, int keep) const;

  // Share of the images whose best pose is found again, within 20 degrees and 4 A, when noise of the model's own strength is added
  // to them and, another time, taken away, which makes two pictures with independent noise. A conformation that the images do not show
  // gets its poses from the noise, however well they explain it. 0 for no images.
  double found_again(const std::vector<ParticleBatch>& batches, int climb, const Random& random);

  int conformations() const { return int(conformations_.size(0)); }

 private:
  const PoseSearch& search_for(double pixel_size);

  const ImageModel& images_;
  Tensor conformations_;
  PoseGrid grid_;
  std::map<int64_t, PoseSearch> searches_;  // by pixel size in units of 1 % on a logarithmic scale
};

// Whether two poses are the same up to an angle (rad) and a distance (A).
bool near_each_other(const Pose& a, const Pose& b, double angle, double distance);

// Noise spectra and scales of the images when nothing is known of their poses: from the images' own spectra, then from the
// poses that a search with the conformation finds, twice. Also finds out whether protein is bright or dark.
void calibrate_without_poses(ImageModel& images, std::vector<ParticleBatch> batches, const Tensor& conformation, const PoseGrid& grid);

}  // namespace cryomer
