// A lopsided handful of blobs and images of it, small enough for brute force.
#pragma once

#include "cryomer/imaging/image_model.h"
#include "cryomer/geometry/rotation.h"

namespace cryomer::testing {

inline constexpr int kSmallBox = 32;
inline constexpr double kSmallPixel = 2.0;

// [conformations, 40, 3] A; the second is the first with a quarter of its blobs moved by 6 A.
inline Tensor small_molecule(int64_t conformations = 1) {
  Tensor x = at::empty({40, 3});
  Random(5).fill_normal(x.data_ptr<float>(), 120);
  x *= tensor_from(std::vector<float>{7, 4.5f, 3}, {1, 3});
  x.slice(0, 0, 12) += tensor_from(std::vector<float>{6, 4, 0}, {1, 3});
  x -= x.mean(0, true);
  Tensor all = x.unsqueeze(0).repeat({conformations, 1, 1});
  if (conformations > 1) all[1].slice(0, 0, 10) += tensor_from(std::vector<float>{0, 0, 6}, {1, 3});
  return all;
}

inline ImageModel small_model(double scale = 1) {
  ImageModel model({at::ones({40}), at::full({40}, 2.5f)}, kSmallBox, 1.0);
  model.noise.power = at::ones({1, ring_count(kSmallBox)}, at::kDouble);
  model.scale.mean = {scale};
  model.scale.deviation = {1e-4 * std::abs(scale)};  // known
  return model;
}

// Particles at random poses that show the first conformation, with white noise of variance one; `scale` sets how well.
inline ParticleBatch small_particles(int64_t count, double scale, bool with_noise = true) {
  ParticleBatch batch;
  batch.rotation = at::empty({count, 3, 3});
  batch.shift = at::empty({count, 2});
  Random random(23);
  for (int64_t i = 0; i < count; ++i) {
    const Mat3 rotation = random_rotation(random);
    const double x = 2 * random.normal(), y = 2 * random.normal();
    batch.poses().put(i, {rotation, x, y});
    ParticleOptics p;
    p.optics.pixel_size = kSmallPixel;
    p.ctf.defocus_u = 9000 + 500 * double(i % 3);
    p.ctf.defocus_v = p.ctf.defocus_u - 300;
    batch.optics.push_back(p);
    batch.optics_group.push_back(0);
    batch.particle.push_back(i);
  }
  batch.images = at::zeros({count, kSmallBox, kSmallBox});
  const ImageModel model = small_model();
  batch.images = model.predict(small_molecule(), batch, at::full({count}, scale));
  if (with_noise) batch.images = batch.images + model.noise_images(batch, Random(77));
  return batch;
}

}  // namespace cryomer::testing
