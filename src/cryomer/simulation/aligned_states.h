// The states of a trajectory, each superposed on the base structure, which stands with its centroid at the origin: by CAs, or by all
// atoms where there are fewer than three.
#pragma once

#include <mutex>
#include <vector>

#include "cryomer/io/trajectory.h"

namespace cryomer {

class AlignedStates {
 public:
  AlignedStates(const Structure& structure, TrajectoryReader& states);

  // coordinates [atoms][3], A. From any thread.
  void read(int64_t state, float* coordinates);
  std::vector<float> read(int64_t state);
  const std::vector<float>& base() const { return base_; }
  int64_t size() const { return states_.size(); }

 private:
  TrajectoryReader& states_;
  std::vector<float> base_;
  std::vector<int> alignment_atoms_;
  std::mutex mutex_;
};

// Fails unless there is one weight for each state, a finite number, zero or more, or none at all.
void check_weights(const std::vector<double>& weights, int64_t states);

}  // namespace cryomer
