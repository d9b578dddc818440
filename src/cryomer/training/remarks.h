// What a run says at its end, so that nobody trusts more than it knows.
#pragma once

#include "cryomer/model/autoencoder.h"
#include "cryomer/structure/structure.h"
#include "cryomer/training/pose_table.h"
#include "cryomer/training/training_config.h"

namespace cryomer {

// How many particles' poses are tied, and a warning when they are many or the views are badly uneven.
void say_how_sure_poses_are(const PoseTable& poses, const PoseSearchConfig& search);
// A warning about residues that are as wide as atoms may be, `largest` A.
void say_what_is_blurred(const AtomWidths& widths, const Structure& structure, double largest);

}  // namespace cryomer
