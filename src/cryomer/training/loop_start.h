// Where a run's loops start: where the images show them, before anything is learned.
#pragma once

#include "cryomer/loop_search/loop_search.h"
#include "cryomer/training/run_setup.h"

namespace cryomer {

struct LoopStart {
  std::vector<ParticleBatch> images;  // that were looked at; with inferred poses, at those where the bent structure fits them
  std::vector<FoundLoop> loops;       // that the images show elsewhere than the structure has them
};

// Looks at `images`, at the best poses known, with a model that has learned nothing: its decoder still knows the softest normal modes
// and nothing else, and they bend the structure to each image before a loop is called misplaced. `pose_deviation`: how far poses
// may follow, as in PoseTable; undefined where they are given.
LoopStart find_loops(const Autoencoder& model, const RunSetup& setup, std::vector<ParticleBatch> images, const Tensor& pose_deviation, Random random);

// Coordinates of the setup's structure with these loops, [atoms][3] A in the frame of its file.
std::vector<float> with_loops(const RunSetup& setup, const std::vector<FoundLoop>& loops);

}  // namespace cryomer
