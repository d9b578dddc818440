// What is to be seen on each micrograph of a data set: states, poses, places, depths, defocus. All of it follows from the seed and
// the micrograph's number alone, so that micrographs can be made in any order.
#pragma once

#include <vector>

#include "cryomer/geometry/pose.h"
#include "cryomer/simulation/simulation_config.h"

namespace cryomer {

struct PlannedParticle {
  int64_t state = 0;
  int64_t row = 0;  // in the particle stack
  Mat3 rotation;
  double x = 0, y = 0;        // pixels: where the molecule's origin is
  double z = 0;               // A, downstream of the specimen's middle, so the defocus is larger by it
  int64_t left = 0, top = 0;  // of the box that is cut out, pixels

  // Of the extracted image.
  Pose pose(const SimulationConfig& config) const;
};

struct MicrographPlan {
  int64_t index = 0;
  double defocus_u = 0, defocus_v = 0, astigmatism_angle = 0;  // A, rad; at the specimen's middle
  std::vector<PlannedParticle> particles;
};

class DataSetPlan {
 public:
  // `radius`: of the molecule, A. `weights` of the states, or empty for equal ones.
  DataSetPlan(const SimulationConfig& config, int64_t states, const std::vector<double>& weights, double radius);

  int64_t micrographs() const { return config_.micrographs(); }
  MicrographPlan micrograph(int64_t index) const;

 private:
  SimulationConfig config_;
  double radius_;
  std::vector<int64_t> state_;  // of each micrograph, or of each particle
  std::vector<int64_t> row_;    // of each particle
};

// So many draws among the states that each appears in proportion to its weight, to one draw, in a random order.
std::vector<int64_t> share_out_states(int64_t draws, int64_t states, const std::vector<double>& weights, uint64_t seed);

// Independent streams of random numbers of one data set.
enum class RandomPurpose : uint64_t { states = 0x51, rows, layout, ice, water, counts };
Random random_for(int64_t seed, RandomPurpose purpose);

}  // namespace cryomer
