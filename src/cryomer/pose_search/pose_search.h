// Exhaustive search for poses: every image against every projection of every given conformation over a grid of rotations
// and shifts, as one matrix product of low-pass Fourier coefficients.
//
// The log likelihood of kernels/image_likelihood.h at the prior's mean scale s, with frequencies above the resolution left
// out, is s a - s^2 b / 2. With a row D = w C Y of each image, turned by the phases of each shift, and a column P of each
// template, a = Re(D* P): [images x shifts, coefficients] times [coefficients, templates]. b = w C^2 times |P|^2 is a
// second, smaller product. It is computed where the image model is.
#pragma once

#include <vector>

#include "cryomer/geometry/pose.h"
#include "cryomer/imaging/image_model.h"

namespace cryomer {

struct PoseGrid {
  double rotation_deg = 15;  // between neighbouring rotations
  double resolution = 12;    // A, finest detail compared
  double shift_range = 4;    // A, largest shift along each axis
  double shift_step = 2;     // A
};

struct PoseCandidate {
  int conformation = 0;  // row of the conformations searched with
  Pose pose;
  double log_likelihood = 0;  // nats, relative to an empty image, at the grid's resolution
};

class PoseSearch {
 public:
  // Renders the templates: conformations [conformations, atoms, 3] A in the frame of the poses. They take
  // conformations x rotations x coefficients x 12 bytes, whatever the number of images.
  PoseSearch(const ImageModel& images, const Tensor& conformations, double pixel_size, const PoseGrid& grid = {});

  // The `count` best poses of each image, best first, at rotations at least one and a half grid spacings apart. An image
  // whose pixel size differs from the templates' by more than 1 % is refused. Memory goes with the batch.
  std::vector<std::vector<PoseCandidate>> search(const ParticleBatch& batch, int count) const;

  // Every score of some images, [images, conformations, rotations, shifts]: for tests and plots of small cases.
  Tensor all_scores(const ParticleBatch& batch) const;

  int64_t template_count() const { return conformations_ * int64_t(rotations_.size()); }
  int64_t shift_count() const { return int64_t(shifts_.size()) / 2; }
  int64_t coefficient_count() const { return entries_.numel(); }
  const std::vector<Mat3>& rotations() const { return rotations_; }
  // (x, y) of each shift, A.
  const std::vector<float>& shifts() const { return shifts_; }

 private:
  struct Rows {
    Tensor data;   // [images * shifts, 2 * coefficients]
    Tensor power;  // [images, coefficients]
  };
  Rows rows(const ParticleBatch& batch) const;
  // Of one image, for each rotation: its best score, and the conformation and shift that have it.
  struct BestScores {
    const float* score;
    const int *conformation, *shift;
  };
  std::vector<PoseCandidate> peaks(const BestScores& best, int count) const;
  std::vector<std::vector<PoseCandidate>> search_on_gpu(const ParticleBatch& batch, int count) const;

  ImageModel images_;
  PoseGrid grid_;
  double pixel_size_;
  int64_t conformations_;
  std::vector<Mat3> rotations_;
  std::vector<float> shifts_;
  Tensor entries_;          // [coefficients] index into the half spectrum
  Tensor phase_;            // [shifts, coefficients, 2] cosine and sine that undo each shift
  Tensor templates_;        // [conformations * rotations, 2 * coefficients]
  Tensor template_power_;   // [conformations * rotations, coefficients]
};

}  // namespace cryomer
