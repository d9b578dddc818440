#include "cryomer/imaging/noise_model.h"

#include <cmath>

#include "cryomer/imaging/image_model.h"
#include "testing.h"

namespace cryomer {
namespace {

TEST(Rings, CountFromZeroFrequencyToTheCorner) {
  // The corner of a box of 8 is at radius sqrt(32) = 5.66.
  EXPECT_EQ(ring_count(8), 7);
  const Tensor rings = ring_of_frequency(8);
  ASSERT_EQ(rings.sizes(), (at::IntArrayRef{8, 5}));
  EXPECT_EQ(rings[0][0].item<int64_t>(), 0);
  EXPECT_EQ(rings[0][4].item<int64_t>(), 4);
  EXPECT_EQ(rings[7][0].item<int64_t>(), 1);  // the last row is frequency -1
  EXPECT_EQ(rings[4][4].item<int64_t>(), 6);
}

// A cosine of frequency (3, 4) in a box of 16: |Y|^2 = (n^2 / 2)^2 at two of the full spectrum's entries.
TEST(RingPower, OfACosineIsInItsRing) {
  const int n = 16;
  Tensor image = at::empty({1, n, n});
  for (int y = 0; y < n; ++y) {
    for (int x = 0; x < n; ++x) image[0][y][x] = std::cos(2 * M_PI * (3 * x + 4 * y) / n);
  }
  const Tensor power = ring_power(fourier_transform(image), n);
  // Entries of the full spectrum whose radius rounds to 5, counted one by one.
  int entries = 0;
  for (int v = 0; v < n; ++v) {
    for (int u = 0; u < n; ++u) {
      const double fv = v <= n / 2 ? v : v - n, fu = u <= n / 2 ? u : u - n;
      entries += std::lround(std::hypot(fv, fu)) == 5;
    }
  }
  EXPECT_NEAR(power[5].item<double>(), 2 * std::pow(n * n / 2.0, 2) / (n * n) / entries, 1e-3);
  for (const int ring : {0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11}) EXPECT_NEAR(power[ring].item<double>(), 0, 1e-6) << ring;
}

// Parseval: rings weighted by their entries add up to the image's mean square, which only holds when every column of the half
// spectrum counts as often as it stands in the whole.
TEST(RingPower, AddsUpToTheMeanSquareOfTheImage) {
  const int n = 12;
  Tensor image = at::empty({3, n, n});
  Random(5).fill_normal(image.data_ptr<float>(), size_t(image.numel()));
  const Tensor power = ring_power(fourier_transform(image), n);
  std::vector<double> entries(size_t(ring_count(n)), 0.0);
  for (int v = 0; v < n; ++v) {
    for (int u = 0; u < n; ++u) {
      const double fv = v <= n / 2 ? v : v - n, fu = u <= n / 2 ? u : u - n;
      entries[size_t(std::lround(std::hypot(fv, fu)))] += 1;
    }
  }
  double sum = 0;
  for (size_t ring = 0; ring < entries.size(); ++ring) sum += entries[ring] * power[int64_t(ring)].item<double>() / (n * n);
  EXPECT_NEAR(sum, image.square().mean().item<double>(), 1e-5);
}

TEST(RingPower, OfWhiteNoiseIsItsVarianceInEveryRing) {
  const int n = 32, images = 200;
  Tensor noise = at::empty({images, n, n});
  Random(6).fill_normal(noise.data_ptr<float>(), size_t(noise.numel()));
  const Tensor power = ring_power(fourier_transform(noise * 3), n);
  // The smallest ring has one entry, half of whose squares are independent: 4 deviations of a chi-square with 200 freedoms.
  for (int64_t ring = 0; ring < ring_count(n); ++ring) EXPECT_NEAR(power[ring].item<double>() / 9, 1, 0.4) << ring;
  for (int64_t ring = 5; ring < 16; ++ring) EXPECT_NEAR(power[ring].item<double>() / 9, 1, 0.06) << ring;
}

TEST(NoiseWeights, AreTheInverseOfTheExpectedSquareAndZeroAtZeroFrequency) {
  const int n = 8;
  NoiseModel noise;
  noise.power = at::stack({at::arange(1, 8, at::kDouble), at::full({7}, 10.0, at::kDouble)});
  const Tensor weights = noise.weights(n);
  ASSERT_EQ(weights.sizes(), (at::IntArrayRef{2, n, n / 2 + 1}));
  EXPECT_EQ(weights[0][0][0].item<float>(), 0);
  EXPECT_EQ(weights[1][0][0].item<float>(), 0);
  EXPECT_FLOAT_EQ(weights[0][0][2].item<float>(), 1.0f / (3 * 64));  // ring 2 has power 3
  EXPECT_FLOAT_EQ(weights[0][6][0].item<float>(), 1.0f / (3 * 64));
  EXPECT_FLOAT_EQ(weights[1][3][3].item<float>(), 1.0f / (10 * 64));
}

// <w |N|^2> = 1 at every frequency but zero: noise and weights mean the same spectrum.
TEST(NoiseWeights, WhitenTheNoiseTheModelDraws) {
  const int n = 16;
  ImageModel model({at::ones({1}), at::ones({1})}, n, 1.0);
  const int64_t rings = ring_count(n);
  model.noise.power = at::stack({at::linspace(4, 0.5, rings, at::kDouble), at::linspace(1, 9, rings, at::kDouble)});
  model.scale = {{1, 1}, {0, 0}};
  ParticleBatch batch;
  const int64_t count = 4000;
  batch.images = at::zeros({count, n, n});
  for (int64_t i = 0; i < count; ++i) batch.optics_group.push_back(int(i % 2));
  const Tensor spectra = fourier_transform(model.noise_images(batch, Random(8))).square().sum(3);
  const Tensor weights = model.noise.weights(n);
  for (int group = 0; group < 2; ++group) {
    const Tensor mean = spectra.slice(0, group, count, 2).mean(0) * weights[group];
    const Tensor inner = mean.reshape({-1}).slice(0, 1);
    // 2000 images: a deviation of 1/sqrt(2000) = 0.022 for complex entries, 0.032 for the few real ones; 5 of those.
    EXPECT_GT(inner.min().item<float>(), 1 - 0.16) << group;
    EXPECT_LT(inner.max().item<float>(), 1 + 0.16) << group;
    EXPECT_NEAR(inner.mean().item<float>(), 1, 0.02) << group;
  }
}

TEST(NoiseImages, DependOnTheSeedAlone) {
  const int n = 16;
  ImageModel model({at::ones({1}), at::ones({1})}, n, 1.0);
  model.noise.power = at::ones({1, ring_count(n)}, at::kDouble);
  ParticleBatch batch;
  batch.images = at::zeros({20, n, n});
  batch.optics_group.assign(20, 0);
  set_thread_count(1);
  const Tensor one = model.noise_images(batch, Random(3));
  set_thread_count(3);
  const Tensor three = model.noise_images(batch, Random(3));
  set_thread_count(0);
  EXPECT_TRUE(at::equal(one, three));
  EXPECT_FALSE(at::equal(one, model.noise_images(batch, Random(4))));
  EXPECT_FALSE(at::equal(one[0], one[1]));
}

}  // namespace
}  // namespace cryomer
