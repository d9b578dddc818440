// The curves of a run: one row per epoch in metrics.csv.
#pragma once

#include <string>
#include <vector>

#include "cryomer/training/objective.h"

namespace cryomer {

struct MetricsRow {
  int64_t step = 0, epoch = 0;
  double seconds = 0;
  std::string stage;
  Figures training, held_out;  // over an epoch, and of the held-out images
  double base_log_likelihood = 0;  // of the held-out images under the base structure
  double encoder_loss = 0;         // of the sleep step, nats
  double scale = 0;                // mean over optics groups
  double images_per_second = 0;    // rendered forward and backward
  double effective_candidates = 1;  // poses a particle still has, mean of exp(entropy of their weights)
  double pose_entropy = 0;          // nats
  double best_pose_weight = 1;
  double best_pose_changed = 0;     // share of the particles to which the last search gave another best pose
};

class MetricsFile {
 public:
  explicit MetricsFile(std::string path) : path_(std::move(path)) {}
  void append(const MetricsRow& row) const;
  // Removes rows after `step`, which a resumed run will write again.
  void cut_after(int64_t step) const;

 private:
  std::string path_;
};

}  // namespace cryomer
