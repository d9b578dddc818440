// Whether the images show the structure at their poses, before anything is learned from them.
#pragma once

#include "cryomer/data/particle_loader.h"
#include "cryomer/imaging/image_model.h"
#include "cryomer/pose_search/placement.h"
#include "cryomer/training/training_config.h"

namespace cryomer {

// How a structure, as atoms about the point that is the centre of rotation [atoms, 3], stands against the poses of a stack, by some hundreds of
// its particles.
Placement find_placement(const ImageModel& images, const ParticleLoader& loader, const Tensor& positions, const TrainingConfig& config);

// "turned by 60.0 degrees and moved by 3.1 A".
std::string placement_text(const Placement& placement);

// Of a calibrated model. Where poses of the file climb to another place together, or the scales say that images hardly show the structure, poses are
// searched for without those of the file. Where they agree on another place for it, or on its mirror image, that is warned of, with what to do, and
// refused where the images hardly show it as it stands.
void check_structure_is_placed(const ImageModel& images, const ParticleLoader& loader, const Tensor& positions, const TrainingConfig& config);

// Says the contrast of each optics group, and warns of those whose images hardly show the structure; fails where none of a group does.
void say_contrast(const ImageModel& images, const ParticleStack& stack);

}  // namespace cryomer
