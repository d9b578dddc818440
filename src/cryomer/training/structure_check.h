// Whether the images show the structure at their poses, before anything is learned from them.
#pragma once

#include "cryomer/data/particle_loader.h"
#include "cryomer/geometry/pose.h"
#include "cryomer/imaging/image_model.h"
#include "cryomer/pose_search/placement.h"
#include "cryomer/training/training_config.h"

namespace cryomer {

// How a structure, as atoms about the point that is the centre of rotation [atoms, 3], stands against the poses of a stack, by some hundreds of
// its particles.
Placement find_placement(const ImageModel& images, const ParticleLoader& loader, const Tensor& positions, const TrainingConfig& config);

// "turned by 60.0 degrees and moved by 3.1 A".
std::string placement_text(const Placement& placement);

// Looks at calibrated scales. Where images hardly show the structure at the poses of the file, poses are searched for without these: fails, saying
// what to do, when they agree on another place for the structure or on its mirror image.
void check_structure_is_placed(const ImageModel& images, const ParticleLoader& loader, const Tensor& positions, const TrainingConfig& config);

// Says the contrast of each optics group, and warns of those whose images hardly show the structure; fails when none do.
void say_contrast(const ImageModel& images, const ParticleStack& stack);

}  // namespace cryomer
