// The image model on a GPU: what the CPU's gives.
#include "cryomer/geometry/rotation.h"
#include "cryomer/imaging/image_model.h"
#include "cryomer/tensor/device.h"
#include "random_tensor.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::random_tensor;

constexpr int kBox = 32;

// Two optics groups, astigmatism, envelopes, and images that were multiplied by their CTF.
ParticleBatch varied_particles(int64_t count) {
  ParticleBatch batch;
  batch.images = random_tensor(1, {count, kBox, kBox}, 1);
  batch.rotation = at::empty({count, 3, 3});
  batch.shift = random_tensor(2, {count, 2}, 1.5);
  Random random(3);
  for (int64_t i = 0; i < count; ++i) {
    const Mat3 r = random_rotation(random);
    for (int k = 0; k < 9; ++k) batch.rotation.data_ptr<float>()[9 * i + k] = float(r.values[k]);
    ParticleOptics p;
    p.optics.pixel_size = i % 2 == 0 ? 1.2 : 1.5;
    p.optics.ctf_premultiplied = i % 3 == 0;
    p.ctf.defocus_u = 8000 + 500 * double(i);
    p.ctf.defocus_v = p.ctf.defocus_u - 700;
    p.ctf.astigmatism_angle = 0.3 * double(i);
    p.ctf.phase_shift = 0.2;
    p.ctf.b_factor = 10 * double(i % 4);
    p.ctf.scale = i % 5 == 0 ? 0.8 : 1;
    batch.optics.push_back(p);
    batch.optics_group.push_back(int(i % 2));
    batch.particle.push_back(i);
  }
  return batch;
}

void expect_near(const Tensor& found, const Tensor& expected, const char* what) {
  ASSERT_TRUE(found.is_cuda()) << what;
  ASSERT_EQ(found.sizes(), expected.sizes()) << what;
  const double largest = expected.abs().max().item<double>();
  ASSERT_GT(largest, 0) << what;
  EXPECT_LT((found.to(at::kCPU) - expected).abs().max().item<double>(), 1e-4 * largest) << what;
}

TEST(GpuImageModel, IsThatOfTheCpu) {
  CRYOMER_NEEDS_GPU();
  const int64_t count = 12;
  const ParticleBatch batch = varied_particles(count);
  for (const double padding : {1.0, 1.5}) {
    ImageModel cpu({at::ones({80}), at::full({80}, 1.5f)}, kBox, padding);
    cpu.noise.power = (random_tensor(4, {2, ring_count(kBox)}, 0.3).abs() + 0.5).to(at::kDouble);
    cpu.scale = {{1.0, 0.6}, {0.2, 0.1}};
    const ImageModel gpu = cpu.to(at::kCUDA);
    for (const double blur : {0.0, 2.0}) {
      const ObservedBatch expected = cpu.observe(batch, blur), found = gpu.observe(batch, blur);
      expect_near(found.weighted_data, expected.weighted_data, "weighted data");
      expect_near(found.weighted_power, expected.weighted_power, "weighted power");
      if (padding > 1) expect_near(found.padded_ctf, expected.padded_ctf, "ctf");
      expect_near(found.scale_precision, expected.scale_precision, "scale precision");
      const Tensor positions = random_tensor(5, {count, 80, 3}, 7), index = at::arange(count, at::kLong);
      expect_near(gpu.log_likelihood(positions, batch.rotation, batch.shift, {index, index}, found).log_likelihood,
                  cpu.log_likelihood(positions, batch.rotation, batch.shift, {index, index}, expected).log_likelihood, "log likelihood");
      expect_near(gpu.predict(positions, batch, at::full({count}, 0.7f)), cpu.predict(positions, batch, at::full({count}, 0.7f)), "predictions");
    }
    expect_near(gpu.noise_images(batch, Random(9)), cpu.noise_images(batch, Random(9)), "noise");
  }
}

}  // namespace
}  // namespace cryomer
