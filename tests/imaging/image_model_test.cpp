#include "cryomer/imaging/image_model.h"

#include <cmath>
#include <complex>

#include "cryomer/base/units.h"
#include "random_tensor.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::random_tensor;

// Atoms of mass one and a width of 1.5 A at random places, and particles that see them under random poses.
constexpr int kBox = 32;
constexpr double kWidth = 1.5;

AtomBlobTensors blobs(int64_t count) { return {at::ones({count}), at::full({count}, float(kWidth))}; }

ParticleOptics optics(double pixel_size, double defocus = 8000) {
  ParticleOptics p;
  p.optics.voltage = 300;
  p.optics.spherical_aberration = 2.7;
  p.optics.amplitude_contrast = 0.1;
  p.optics.pixel_size = pixel_size;
  p.ctf.defocus_u = defocus;
  p.ctf.defocus_v = defocus - 600;
  p.ctf.astigmatism_angle = 0.4;
  return p;
}

// CTF 1 everywhere.
ParticleOptics no_ctf(double pixel_size) {
  ParticleOptics p;
  p.optics.spherical_aberration = 0;
  p.optics.amplitude_contrast = 1;
  p.optics.pixel_size = pixel_size;
  return p;
}

ParticleBatch particles(int64_t count, const ParticleOptics& each, uint64_t seed, int box = kBox) {
  ParticleBatch batch;
  batch.images = at::zeros({count, box, box});
  batch.rotation = at::zeros({count, 3, 3});
  batch.shift = random_tensor(seed + 1, {count, 2}, 1.5);
  Random random(seed);
  for (int64_t i = 0; i < count; ++i) {
    Pose pose = batch.poses().at(i);
    pose.rotation = random_rotation(random);
    batch.poses().put(i, pose);
    batch.optics.push_back(each);
    batch.optics_group.push_back(0);
    batch.particle.push_back(i);
  }
  return batch;
}

ImageModel calibrated(ImageModel model, double noise_power, double scale, double deviation, int groups = 1) {
  model.noise.power = at::full({groups, ring_count(model.grid().box)}, noise_power, at::kDouble);
  model.scale.mean.assign(groups, scale);
  model.scale.deviation.assign(groups, deviation);
  return model;
}

// The image of one atom at `x` as written down: the continuous transform of a Gaussian at the atom's place, times the CTF of
// RELION's formula, summed back over the frequencies of the box; in double precision, pixel by pixel.
std::vector<double> image_of_atom(Vec3 x, const Mat3& rotation, double shift_x, double shift_y, const ParticleOptics& p, int n) {
  const double pixel = p.optics.pixel_size;
  const Vec3 seen = rotation * x;
  const double cx = (seen.x + shift_x) / pixel + n / 2, cy = (seen.y + shift_y) / pixel + n / 2, sigma = kWidth / pixel;
  const double lambda = 12.2643247 / std::sqrt(p.optics.voltage * 1e3 * (1 + 0.978466e-6 * p.optics.voltage * 1e3));
  std::vector<double> image(n * n);
  for (int v = -n / 2; v < n / 2; ++v) {
    for (int u = -n / 2; u < n / 2; ++u) {
      const double kx = u / (n * pixel), ky = v / (n * pixel), k2 = kx * kx + ky * ky;
      const double defocus = 0.5 * (p.ctf.defocus_u + p.ctf.defocus_v) +
                             0.5 * (p.ctf.defocus_u - p.ctf.defocus_v) * std::cos(2 * (std::atan2(ky, kx) - p.ctf.astigmatism_angle));
      const double ctf = std::sin(kPi * lambda * defocus * k2 -
                                  0.5 * kPi * p.optics.spherical_aberration * 1e7 * std::pow(lambda, 3) * k2 * k2 +
                                  std::asin(p.optics.amplitude_contrast));
      const double blob = std::exp(-2 * kPi * kPi * sigma * sigma * (u * u + v * v) / double(n * n));
      for (int j = 0; j < n; ++j) {
        for (int i = 0; i < n; ++i) {
          image[j * n + i] += ctf * blob * std::cos(2 * kPi * (u * (i - cx) + v * (j - cy)) / n) / (n * n);
        }
      }
    }
  }
  return image;
}

TEST(ImageModel, DrawsOneAtomAsTheFormulaSays) {
  const ParticleOptics p = optics(1.3);
  const ParticleBatch batch = particles(3, p, 11);
  const ImageModel model(blobs(1), kBox, 1.0);
  const Vec3 x{4.5, -3, 6};
  const Tensor found = model.predict(tensor_from(std::vector<float>{float(x.x), float(x.y), float(x.z)}, {1, 1, 3}), batch, at::full({3}, 2.5f));
  for (int64_t i = 0; i < 3; ++i) {
    const Pose pose = batch.poses().at(i);
    const std::vector<double> expected = image_of_atom(x, pose.rotation, pose.shift_x, pose.shift_y, p, kBox);
    double largest = 0;
    for (const double value : expected) largest = std::max(largest, std::abs(2.5 * value));
    for (int k = 0; k < kBox * kBox; ++k) {
      ASSERT_NEAR(found.data_ptr<float>()[i * kBox * kBox + k], 2.5 * expected[k], 2e-3 * largest) << i << " pixel " << k;
    }
  }
}

TEST(ImageModel, PutsTheOriginAtPixelHalfTheBoxAndShiftsTowardsLargerIndices) {
  ParticleBatch batch = particles(3, no_ctf(2.0), 1);
  batch.shift = tensor_from(std::vector<float>{0, 0, 6, 0, 0, -4}, {3, 2});  // A
  const ImageModel model(blobs(1), kBox, 1.0);
  const Tensor images = model.predict(at::zeros({1, 1, 3}), batch, at::ones({3}));
  auto brightest = [&](int64_t i) {
    const int64_t at = images[i].argmax().item<int64_t>();
    return std::pair<int64_t, int64_t>(at % kBox, at / kBox);
  };
  EXPECT_EQ(brightest(0), (std::pair<int64_t, int64_t>(16, 16)));
  EXPECT_EQ(brightest(1), (std::pair<int64_t, int64_t>(19, 16)));
  EXPECT_EQ(brightest(2), (std::pair<int64_t, int64_t>(16, 14)));
  // Mass one in all: a projection adds up density and loses none.
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(images[i].sum().item<float>(), 1, 2e-3);
}

TEST(ImageModel, ShowsFirstRowOfTheRotationAlongX) {
  ParticleBatch batch = particles(1, no_ctf(1.0), 1);
  batch.shift.zero_();
  // A quarter turn about z in RELION's sense (psi = 90): x_view = y, y_view = -x.
  const Mat3 quarter = rotation_from_euler({0, 0, radians(90)});
  for (int k = 0; k < 9; ++k) batch.rotation.data_ptr<float>()[k] = float(quarter.values[k]);
  const ImageModel model(blobs(1), kBox, 1.0);
  const Tensor image = model.predict(tensor_from(std::vector<float>{5, 0, 9}, {1, 1, 3}), batch, at::ones({1}));
  EXPECT_EQ(image.argmax().item<int64_t>(), (16 - 5) * kBox + 16);
}

TEST(ImageModel, DrawsOneConformationForAllImagesOrOneForEach) {
  const ParticleBatch batch = particles(3, optics(1.3), 21);
  const ImageModel model(blobs(4), kBox, 1.0);
  const Tensor conformations = random_tensor(5, {3, 4, 3}, 4);
  const Tensor all = model.predict(conformations, batch, at::ones({3}));
  for (int64_t i = 0; i < 3; ++i) {
    const Tensor same = model.predict(conformations.slice(0, i, i + 1), batch, at::ones({3}));
    EXPECT_TRUE(at::allclose(same[i], all[i], 1e-5, 1e-7));
  }
}

// -1/2 sum_k w_k |Y - s C F|^2 + 1/2 sum_k w_k |Y|^2 at the scale the model says, with every frequency but zero.
double log_ratio(const ImageModel& model, const Tensor& image, const Tensor& prediction, int group = 0) {
  const int n = model.grid().box;
  Tensor twice = at::full({n / 2 + 1}, 2, at::kDouble);
  twice[0] = 1;
  twice[n / 2] = 1;
  const Tensor w = model.noise.weights(n)[group].to(at::kDouble) * twice;
  auto chi2 = [&](const Tensor& residual) { return (fourier_transform(residual.unsqueeze(0))[0].to(at::kDouble).square().sum(2) * w).sum().item<double>(); };
  return 0.5 * (chi2(image) - chi2(image - prediction));
}

TEST(ImageModel, LikelihoodIsThatOfThePredictionAtTheScaleItFinds) {
  for (const double padding : {1.0, 2.0}) {
    ParticleBatch batch = particles(4, optics(1.3), 31);
    const ImageModel model = calibrated(ImageModel(blobs(5), kBox, padding), 0.5, 1.0, INFINITY);
    const Tensor x = random_tensor(6, {1, 5, 3}, 4);
    batch.images = 30 * model.predict(x, batch, at::ones({4})) + random_tensor(7, {4, kBox, kBox}, 0.7);
    const ViewIndex views{at::zeros({4}, at::kLong), at::arange(4, at::kLong)};
    const ImageLikelihoodOutput found = model.log_likelihood(x, batch.rotation, batch.shift, views, model.observe(batch));
    const Tensor predicted = model.predict(x, batch, found.scale);
    for (int64_t i = 0; i < 4; ++i) {
      const double expected = log_ratio(model, batch.images[i], predicted[i]);
      EXPECT_NEAR(found.log_likelihood[i].item<double>(), expected, 2e-3 * expected) << padding;
      // A free scale is the best there is.
      for (const double factor : {0.98, 1.02}) {
        EXPECT_LT(log_ratio(model, batch.images[i], factor * predicted[i]), expected);
      }
    }
  }
}

TEST(ImageModel, TakesOffsetAndScaleOutInClosedForm) {
  ParticleBatch batch = particles(2, optics(1.3), 41);
  const ImageModel model = calibrated(ImageModel(blobs(5), kBox, 1.0), 0.5, 1.0, INFINITY);
  const Tensor x = random_tensor(8, {1, 5, 3}, 4);
  batch.images = model.predict(x, batch, tensor_from(std::vector<float>{7, -3}, {2})) + random_tensor(9, {2, kBox, kBox}, 0.02);
  const ViewIndex views{at::zeros({2}, at::kLong), at::arange(2, at::kLong)};
  const ImageLikelihoodOutput plain = model.log_likelihood(x, batch.rotation, batch.shift, views, model.observe(batch));
  EXPECT_NEAR(plain.scale[0].item<float>(), 7, 0.1);
  EXPECT_NEAR(plain.scale[1].item<float>(), -3, 0.1);
  batch.images = batch.images + 5;
  const ImageLikelihoodOutput raised = model.log_likelihood(x, batch.rotation, batch.shift, views, model.observe(batch));
  EXPECT_TRUE(at::allclose(plain.log_likelihood, raised.log_likelihood, 1e-3, 1e-4));
  EXPECT_TRUE(at::allclose(plain.scale, raised.scale, 1e-3, 1e-4));
}

TEST(ImageModel, DrawsTheScaleTowardsItsPrior) {
  ParticleBatch batch = particles(1, optics(1.3), 51);
  ImageModel model = calibrated(ImageModel(blobs(5), kBox, 1.0), 0.5, 2.0, INFINITY);
  const Tensor x = random_tensor(8, {1, 5, 3}, 4);
  batch.images = model.predict(x, batch, at::full({1}, 6.0f));
  const ViewIndex views{at::zeros({1}, at::kLong), at::zeros({1}, at::kLong)};
  auto scale = [&](double deviation) {
    model.scale.deviation[0] = deviation;
    return model.log_likelihood(x, batch.rotation, batch.shift, views, model.observe(batch)).scale[0].item<double>();
  };
  EXPECT_NEAR(scale(INFINITY), 6, 1e-3);
  EXPECT_NEAR(scale(1e-4), 2, 1e-3);
  const ImageLikelihoodOutput free = model.log_likelihood(x, batch.rotation, batch.shift, views, model.observe(batch));
  const double b = free.power[0].item<double>(), deviation = 1 / std::sqrt(b);  // prior and image of one precision
  EXPECT_NEAR(scale(deviation), 4, 1e-3);
}

TEST(ImageModel, HonoursEachParticlesOwnOptics) {
  // Two groups of different pixel size: each particle is drawn as in a batch of its own, and judged by its group's noise.
  ParticleBatch mixed = particles(2, optics(1.3), 61);
  mixed.optics[1] = optics(1.7, 12000);
  mixed.optics_group = {0, 1};
  ImageModel model = calibrated(ImageModel(blobs(5), kBox, 1.0), 0.5, 1.0, INFINITY, 2);
  model.noise.power[1].fill_(2.0);
  model.scale.mean = {1.0, 3.0};
  model.scale.deviation = {0.01, 0.01};
  const Tensor x = random_tensor(8, {1, 5, 3}, 4);
  mixed.images = model.predict(x, mixed, tensor_from(std::vector<float>{1, 3}, {2}));
  const ViewIndex views{at::zeros({2}, at::kLong), at::arange(2, at::kLong)};
  const Tensor together = model.log_likelihood(x, mixed.rotation, mixed.shift, views, model.observe(mixed)).log_likelihood;
  for (int64_t i = 0; i < 2; ++i) {
    ParticleBatch alone = mixed.first(1);
    alone.images = mixed.images.slice(0, i, i + 1);
    alone.optics = {mixed.optics[i]};
    alone.optics_group = {0};
    alone.rotation = mixed.rotation.slice(0, i, i + 1).contiguous();
    alone.shift = mixed.shift.slice(0, i, i + 1).contiguous();
    ImageModel own(blobs(5), kBox, 1.0);
    own = calibrated(own, i == 0 ? 0.5 : 2.0, model.scale.mean[i], 0.01);
    const Tensor drawn = own.predict(x, alone, at::full({1}, float(model.scale.mean[i])));
    EXPECT_TRUE(at::allclose(drawn[0], mixed.images[i], 1e-4, 1e-5)) << i;
    const ViewIndex one{at::zeros({1}, at::kLong), at::zeros({1}, at::kLong)};
    const Tensor found = own.log_likelihood(x, alone.rotation, alone.shift, one, own.observe(alone)).log_likelihood;
    EXPECT_NEAR(together[i].item<float>(), found[0].item<float>(), 1e-3 * found[0].item<float>()) << i;
  }
}

TEST(ImageModel, PaddingKeepsTheCtfFromWrappingAround) {
  // An atom near the edge, at a defocus whose fringes reach far: with padding 2 the image is that of a box twice as large.
  ParticleBatch batch = particles(1, optics(1.3, 9000), 71);
  batch.shift = tensor_from(std::vector<float>{16, 12}, {1, 2});
  const Tensor x = at::zeros({1, 1, 3});
  const Tensor plain = ImageModel(blobs(1), kBox, 1.0).predict(x, batch, at::ones({1}))[0];
  const Tensor padded = ImageModel(blobs(1), kBox, 2.0).predict(x, batch, at::ones({1}))[0];
  const Tensor large = ImageModel(blobs(1), 4 * kBox, 1.0).predict(x, batch, at::ones({1}))[0];
  const int64_t first = 2 * kBox - kBox / 2;
  const Tensor truth = large.slice(0, first, first + kBox).slice(1, first, first + kBox);
  const double size = truth.abs().max().item<double>();
  const double wrapped = (plain - truth).abs().max().item<double>() / size, left = (padded - truth).abs().max().item<double>() / size;
  EXPECT_GT(wrapped, 0.1);
  EXPECT_LT(left, 0.2 * wrapped);
}

TEST(ImageModel, WithoutPaddingIsTheSameModelOnTheBoxAlone) {
  const ImageModel model = calibrated(ImageModel(blobs(3), kBox, 2.0), 0.5, 2.0, 0.1);
  EXPECT_EQ(model.grid().padded, 64);
  const ImageModel plain = model.without_padding();
  EXPECT_EQ(plain.grid().padded, kBox);
  EXPECT_EQ(plain.scale.mean[0], 2.0);
  const ParticleBatch batch = particles(2, optics(1.3), 81);
  const Tensor x = random_tensor(8, {1, 3, 3}, 3);
  EXPECT_TRUE(at::equal(plain.predict(x, batch, at::ones({2})), ImageModel(blobs(3), kBox, 1.0).predict(x, batch, at::ones({2}))));
}

TEST(ImageModel, RefusesPaddingBelowOneAndImagesOfAnotherSize) {
  EXPECT_NE(testing::error_of([] { ImageModel(blobs(1), kBox, 0.5); }).find("padding is 0.5"), std::string::npos);
  ParticleBatch batch = particles(2, optics(1.3), 1, 24);
  const ImageModel model = calibrated(ImageModel(blobs(1), kBox, 1.0), 1, 1, 1);
  EXPECT_NE(testing::error_of([&] { model.observe(batch); }).find("batch.images"), std::string::npos);
}

TEST(FourierTransform, IsUndoneByItsInverse) {
  const Tensor images = random_tensor(4, {3, 20, 20}, 1);
  EXPECT_TRUE(at::allclose(inverse_fourier_transform(fourier_transform(images)), images, 1e-4, 1e-5));
}

// Images with a known scale (its spread across images included), contrast and noise spectrum.
struct Population {
  ImageModel model;
  Tensor positions = random_tensor(12, {1, 40, 3}, 6);
  std::vector<ParticleBatch> batches;

  Population(std::vector<double> scales, double deviation) : model(blobs(40), kBox, 1.0) {
    const auto groups = int64_t(scales.size());
    const Tensor ring = at::arange(ring_count(kBox), at::kDouble);
    model.noise.power = at::empty({groups, ring_count(kBox)}, at::kDouble);
    for (int64_t g = 0; g < groups; ++g) model.noise.power[g] = double(g + 1) * (1 + 3 * at::exp(-ring / 4));
    Random random(77);
    for (int round = 0; round < 3; ++round) {
      ParticleBatch batch = particles(400, optics(1.3), 100 + uint64_t(round));
      Tensor scale = at::empty({400});
      for (int64_t i = 0; i < 400; ++i) {
        const int64_t g = i % groups;
        batch.optics_group[i] = int(g);
        scale.data_ptr<float>()[i] = float(scales[g] * (1 + deviation * random.normal()));
      }
      batch.images = model.predict(positions, batch, scale) + model.noise_images(batch, Random(200 + uint64_t(round))) + 0.5;
      batches.push_back(batch);
    }
  }
};

TEST(Calibrate, RecoversScaleNoiseAndContrastOfEveryGroup) {
  const Population truth({12, -8}, 0.15);  // the second group has protein dark
  ImageModel model(blobs(40), kBox, 1.0);
  calibrate(model, truth.batches, truth.positions);
  EXPECT_NEAR(model.scale.mean[0], 12, 0.4);
  EXPECT_NEAR(model.scale.mean[1], -8, 0.4);
  EXPECT_NEAR(model.scale.deviation[0], 0.15 * 12, 0.5);
  EXPECT_NEAR(model.scale.deviation[1], 0.15 * 8, 0.6);
  for (int64_t g = 0; g < 2; ++g) {
    for (int64_t ring = 1; ring <= kBox / 2; ++ring) {
      const double ratio = model.noise.power[g][ring].item<double>() / truth.model.noise.power[g][ring].item<double>();
      // 600 images: the first ring has 4 complex entries, so a deviation of 2 %; larger rings less.
      EXPECT_NEAR(ratio, 1, ring < 4 ? 0.1 : 0.04) << g << " ring " << ring;
    }
  }
}

TEST(Calibrate, FindsNoSignalWhereThereIsNone) {
  Population empty({1e-6}, 0);
  ImageModel model(blobs(40), kBox, 1.0);
  calibrate(model, empty.batches, empty.positions);
  EXPECT_NEAR(model.scale.mean[0], 0, 0.3);
}

TEST(Calibrate, RefusesImagesThatSayNothing) {
  Population truth({12}, 0.15);
  ImageModel model(blobs(40), kBox, 1.0);
  for (ParticleBatch& batch : truth.batches) batch.images = at::full_like(batch.images, 3);
  EXPECT_NE(testing::error_of([&] { calibrate(model, truth.batches, truth.positions); }).find("optics group 1 are all constant"), std::string::npos);
}

TEST(ScaleStatistics, SeparateTheSpreadOfScalesFromNoise) {
  // Images of precision b each whose own scales scatter by 0.5 about 3: what is seen scatters by sqrt(0.25 + 1 / b).
  ScaleStatistics statistics(2);
  Random random(5);
  const double b = 4;
  std::vector<float> overlap, power;
  for (int i = 0; i < 20000; ++i) {
    overlap.push_back(float(b * (3 + 0.5 * random.normal() + random.normal() / std::sqrt(b))));
    power.push_back(float(b));
  }
  statistics.add(std::vector<int>(20000, 0), tensor_from(overlap, {20000}), tensor_from(power, {20000}));
  ScalePrior prior{{1, 7}, {1, 0.3}};
  statistics.update(prior);
  EXPECT_NEAR(prior.mean[0], 3, 0.03);
  EXPECT_NEAR(prior.deviation[0], 0.5, 0.03);
  // A group without images keeps its prior.
  EXPECT_EQ(prior.mean[1], 7);
  EXPECT_EQ(prior.deviation[1], 0.3);
}

}  // namespace
}  // namespace cryomer
