// How a structure stands against poses that are given: a search with the structure alone finds poses of its own, and what most
// of these differ by from the given ones is how the structure is turned and moved.
#pragma once

#include <vector>

#include "cryomer/geometry/superpose.h"
#include "cryomer/pose_search/pose_search.h"

namespace cryomer {

struct Placement {
  RigidTransform transform;  // from where the structure is to where the given poses have it
  int64_t agreeing = 0;      // particles whose two poses differ by this turn within 20 degrees
  bool mirrored = false;     // it holds for the mirror image of what the given poses refer to: for `unmirrored` poses
  int64_t particles = 0;

  double share() const { return particles > 0 ? double(agreeing) / double(particles) : 0; }
  // Whether so many particles agree by more than chance and a long axis, and whether it is no more than just that:
  // docs/experiments.md, "Does it stand where the poses say?"
  bool agreed() const;
  bool doubtful() const;
  bool in_place() const;  // turned and moved by less than poses and search are wrong by
};

// The pose under which the mirror image of a structure shows what the structure shows under `pose`: its tilt negated. A projection
// does not tell a structure from its mirror image, so that poses which were found with a map of the other hand are these.
Pose unmirrored(const Pose& pose);

// given[i] and found[i] are poses of the same image; an empty placement for none.
Placement placement_between(const std::vector<Pose>& given, const std::vector<Pose>& found);

// From the poses that the given ones of `batches` climb to with `conformation` [atoms, 3] A: how it stands if that is not far off.
Placement placement_nearby(const ImageModel& images, const std::vector<ParticleBatch>& batches, const Tensor& conformation, const PoseGrid& grid);

// Searches with `conformation` [atoms, 3] A, centred, for the poses of the particles of `batches`, which hold the given ones. It may stand up
// to 10 A from where these have their centre. Noise and scale are learned on the way; those of `images` stay.
Placement find_placement(const ImageModel& images, const std::vector<ParticleBatch>& batches, const Tensor& conformation, const PoseGrid& grid);

}  // namespace cryomer
