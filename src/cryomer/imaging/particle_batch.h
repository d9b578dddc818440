// A few particles as the model sees them: pixels, optics, and the poses they came with.
#pragma once

#include "cryomer/geometry/pose.h"
#include "cryomer/optics/ctf.h"

namespace cryomer {

// Poses of some views: rotation [views, 3, 3], shift [views, 2] A.
struct Poses {
  Tensor rotation, shift;

  static Poses of(const std::vector<Pose>& poses);
  // Row by row, on the CPU.
  Pose at(int64_t row) const;
  void put(int64_t row, const Pose& pose) const;
};

struct ParticleBatch {
  Tensor images;                       // [batch, box, box]
  std::vector<ParticleOptics> optics;  // [batch]
  std::vector<int> optics_group;       // [batch]
  std::vector<int64_t> particle;       // [batch] row in the data set
  Tensor rotation;                     // [batch, 3, 3]; identity when poses are unknown
  Tensor shift;                        // [batch, 2] A

  int64_t size() const { return images.size(0); }
  Poses poses() const { return {rotation, shift}; }
  ParticleBatch with_poses(const Poses& poses) const {
    ParticleBatch posed = *this;
    posed.rotation = poses.rotation;
    posed.shift = poses.shift;
    return posed;
  }
  // Particles [begin, end) of the batch.
  ParticleBatch slice(int64_t begin, int64_t end) const {
    return {images.slice(0, begin, end), {optics.begin() + begin, optics.begin() + end},
            {optics_group.begin() + begin, optics_group.begin() + end}, {particle.begin() + begin, particle.begin() + end},
            rotation.slice(0, begin, end), shift.slice(0, begin, end)};
  }
  ParticleBatch first(int64_t count) const { return slice(0, count); }
};

}  // namespace cryomer
