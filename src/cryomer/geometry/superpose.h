// Optimal rigid superposition without reflection (Kabsch 1976; quaternion form of Horn 1987).
#pragma once

#include <cstddef>

#include "cryomer/geometry/vec3.h"

namespace cryomer {

// Maps x to rotation * x + translation.
struct RigidTransform {
  Mat3 rotation;
  Vec3 translation;

  Vec3 apply(Vec3 x) const { return rotation * x + translation; }
};
RigidTransform compose(const RigidTransform& outer, const RigidTransform& inner);
RigidTransform inverse(const RigidTransform& transform);

struct Superposition {
  RigidTransform transform;  // moves `mobile` onto `target`
  double rmsd = 0;           // A, after moving
};

// `mobile` and `target` hold n points as x, y, z triples in A.
Superposition superpose(const float* mobile, const float* target, size_t n);

}  // namespace cryomer
