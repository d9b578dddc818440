// Pose and conformation share a freedom: turning a structure and turning its pose back shows the same image. Where poses are
// inferred the freedom is used up by placing every particle's structure on the base structure.
#pragma once

#include "cryomer/geometry/superpose.h"
#include "cryomer/training/run_setup.h"

namespace cryomer {

// What places one structure on the base, about the centre of rotation.
class StructureFrame {
 public:
  StructureFrame(const RigidTransform& transform, Vec3 origin) : transform_(transform), origin_(origin) {}

  // Moves a structure in the frame of the base's file; positions [atoms][3] A.
  void place(float* positions, int64_t atoms) const;
  // The pose that shows the moved structure as `pose` showed it before.
  Pose pose(const Pose& pose) const;

 private:
  RigidTransform transform_;
  Vec3 origin_;
};

// By superposition of the CAs (of all atoms where there are none); latents [structures, latent_dim].
std::vector<StructureFrame> frames_on_base(const TrainedModel& trained, const Tensor& latents);

}  // namespace cryomer
