// A helix of sixteen alanines about the origin, and views of it from everywhere.
#pragma once

#include "cryomer/base/random.h"
#include "cryomer/geometry/rotation.h"
#include "cryomer/imaging/particle_batch.h"
#include "evaluation/small_structures.h"

namespace cryomer::testing {

inline Structure centred_helix(Structure s = polyalanine(16)) {
  const Vec3 centre = s.centroid();
  for (Atom& atom : s.atoms) atom.position = atom.position - centre;
  return s;
}

// At random rotations, without shifts; the images are empty.
inline ParticleBatch random_views(int64_t count, int box, double pixel_size, double defocus, uint64_t seed) {
  ParticleBatch batch;
  batch.images = at::zeros({count, box, box});
  batch.rotation = at::empty({count, 3, 3});
  batch.shift = at::zeros({count, 2});
  Random random(seed);
  for (int64_t i = 0; i < count; ++i) {
    batch.poses().put(i, {random_rotation(random)});
    ParticleOptics optics;
    optics.optics.pixel_size = pixel_size;
    optics.ctf.defocus_u = optics.ctf.defocus_v = defocus;
    batch.optics.push_back(optics);
    batch.optics_group.push_back(0);
    batch.particle.push_back(i);
  }
  return batch;
}

}  // namespace cryomer::testing
