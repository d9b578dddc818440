// The parts of the model together: encoder, decoder and images of a helix of sixteen alanines.
#include "cryomer/model/autoencoder.h"

#include <cmath>

#include "cryomer/base/units.h"
#include "model/small_views.h"
#include "testing.h"

namespace cryomer {
namespace {

constexpr int kBox = 32;
constexpr double kPixel = 1.6;

ModelConfig small_model() {
  ModelConfig config;
  config.latent_dim = 4;
  config.encoder.widths = {32};
  config.encoder.grid = 8;
  config.encoder.grid_margin = 4;  // all points stay inside the box
  config.decoder.width = 16;
  config.decoder.blocks = 2;
  config.decoder.representation = 24;
  config.decoder.modes = 12;
  config.decoder.start_modes = 2;
  return config;
}

Autoencoder make_model(const ModelConfig& config = small_model()) {
  Autoencoder model(config, testing::centred_helix(), kBox, kPixel, 5);
  model.images.noise.power = at::ones({1, ring_count(kBox)}, at::kDouble);
  model.images.scale = {{1.0}, {0.1}};
  return model;
}

Tensor normal(uint64_t seed, at::IntArrayRef shape) {
  Tensor t = at::empty(shape);
  Random(seed).fill_normal(t.data_ptr<float>(), size_t(t.numel()));
  return t;
}

// Gives the zero layers of a fresh model something to say.
void disturb(const Autoencoder& model, double size) {
  at::NoGradGuard guard;
  uint64_t seed = 40;
  for (const auto& [name, tensor] : model.parameters.all()) tensor.add_(size * normal(++seed, tensor.sizes()));
}

double rms(const Tensor& difference) { return std::sqrt(3 * difference.square().mean().item<double>()); }

TEST(Decoder, StartsAsTheBaseStructureAtTheOriginOfLatentSpace) {
  for (const int64_t modes : {0, 12}) {
    ModelConfig config = small_model();
    config.decoder.modes = modes;
    const Autoencoder model = make_model(config);
    const Tensor found = model.decoder(at::zeros({2, 4}));
    ASSERT_EQ(found.sizes(), (at::IntArrayRef{2, model.base_positions.size(0), 3}));
    EXPECT_LT(rms(found[0] - model.base_positions), 1e-4) << modes;
    EXPECT_TRUE(at::equal(found[0], found[1]));
  }
}

TEST(Decoder, StartsByMovingTheSoftestModesAlone) {
  const Autoencoder model = make_model();
  Tensor z = at::zeros({3, 4});
  z[0][0] = 0.1;
  z[1][1] = 0.1;
  z[2][3] = 3.0;  // beyond start_modes
  const Tensor x = model.decoder(z);
  // The softest mode moves by mode_amplitude for a latent of one.
  EXPECT_NEAR(rms(x[0] - model.base_positions), 0.1 * 3.5, 0.03);
  EXPECT_GT(rms(x[1] - model.base_positions), 0.1);
  EXPECT_LT(rms(x[2] - model.base_positions), 1e-4);
}

TEST(Decoder, WithNineFreeNumbersStartsWithoutMotion) {
  ModelConfig config = small_model();
  config.decoder.modes = 0;
  const Autoencoder model = make_model(config);
  const Tensor x = model.decoder(normal(3, {4, 4}));
  for (int i = 0; i < 4; ++i) EXPECT_LT(rms(x[i] - model.base_positions), 1e-4);
}

TEST(Decoder, HasTheGradientOfFiniteDifferencesInItsLatents) {
  for (const int64_t modes : {0, 12}) {
    ModelConfig config = small_model();
    config.decoder.modes = modes;
    const Autoencoder model = make_model(config);
    disturb(model, 0.05);
    const Tensor z = normal(6, {2, 4});
    const Tensor pull = normal(7, {2, model.base_positions.size(0), 3});
    Tensor leaf = z.clone().set_requires_grad(true);
    (model.decoder(leaf) * pull).sum().backward();
    at::NoGradGuard guard;
    const double h = 5e-3;
    double error = 0, size = 0;
    for (int i = 0; i < 2; ++i) {
      for (int k = 0; k < 4; ++k) {
        Tensor up = z.clone(), down = z.clone();
        up[i][k] += h;
        down[i][k] -= h;
        const double expected = ((model.decoder(up) - model.decoder(down)) * pull).sum().item<double>() / (2 * h);
        error += std::pow(expected - leaf.grad()[i][k].item<double>(), 2);
        size += expected * expected;
      }
    }
    EXPECT_LT(std::sqrt(error / size), 0.02) << modes;
    EXPECT_GT(size, 0);
  }
}

TEST(Decoder, TurnsSideChainsAboutTheirBonds) {
  const Structure serines = testing::centred_helix(testing::polyserine(16));
  for (const bool turn : {true, false}) {
    ModelConfig config = small_model();
    config.decoder.side_chains = turn;
    const Autoencoder model(config, serines, kBox, kPixel, 5);
    disturb(model, 0.3);
    at::NoGradGuard guard;
    EXPECT_EQ(model.decoder.moves(at::zeros({1, 4})).torsions.defined(), turn);
    const Tensor x = model.decoder(normal(8, {1, 4}))[0], base = model.base_positions;
    double largest_turn = 0;
    for (int r = 0; r < 16; ++r) {
      auto change = [&](const char* i, const char* j) {
        const int a = serines.find_atom(r, i), b = serines.find_atom(r, j);
        return std::abs(((x[a] - x[b]).norm() - (base[a] - base[b]).norm()).item<double>());
      };
      for (const auto& [i, j] : std::vector<std::pair<const char*, const char*>>{{"CA", "CB"}, {"CB", "OG"}, {"CA", "OG"}, {"N", "C"}, {"N", "CB"}}) {
        EXPECT_LT(change(i, j), 1e-3) << i << " " << j;
      }
      largest_turn = std::max(largest_turn, change("N", "OG"));
    }
    EXPECT_EQ(largest_turn > 0.05, turn) << largest_turn;
  }
}

TEST(Decoder, KeepsResiduesRigid) {
  const Autoencoder model = make_model();
  disturb(model, 0.1);
  at::NoGradGuard guard;
  const Tensor x = model.decoder(normal(8, {3, 4})).to(at::kDouble), base = model.base_positions.to(at::kDouble);
  ASSERT_GT(rms(x[0] - base), 0.5);
  for (int r = 0; r < model.bodies->residue_count(); ++r) {
    const int64_t first = model.bodies->first_atom[r], last = model.bodies->first_atom[r + 1];
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(at::allclose(at::cdist(x[i].slice(0, first, last), x[i].slice(0, first, last)),
                               at::cdist(base.slice(0, first, last), base.slice(0, first, last)), 0, 1e-4));
    }
  }
}

TEST(Decoder, DoesNotMixSamples) {
  const Autoencoder model = make_model();
  disturb(model, 0.05);
  at::NoGradGuard guard;
  const Tensor z = normal(9, {5, 4});
  const Tensor all = model.decoder(z);
  for (int i = 0; i < 5; ++i) EXPECT_LT(rms(model.decoder(z.slice(0, i, i + 1))[0] - all[i]), 1e-4);
}

// Images of the base at random poses, with and without noise.
ParticleBatch images_of_base(const Autoencoder& model, double noise) {
  const int64_t count = 6;
  ParticleBatch batch = testing::random_views(count, kBox, kPixel, 6000, 3);
  batch.shift = normal(2, {count, 2});
  batch.images = model.images.predict(model.base_positions.unsqueeze(0), batch, at::ones({count})) +
                 noise * normal(4, {count, kBox, kBox});
  return batch;
}

Tensor features_of(const Autoencoder& model, const ParticleBatch& batch) {
  return model.encoder.features(batch, model.images.observe(batch), model.images, batch.rotation, batch.shift);
}

// What is seen at the points of the grid; the nine numbers of the rotation come after it.
Tensor seen(const Tensor& features) { return features.slice(1, 0, features.size(1) - 9); }

TEST(CanonicalFeatures, DoNotChangeWhenImageAndPoseAreShiftedTogether) {
  const Autoencoder model = make_model();
  const ParticleBatch batch = images_of_base(model, 0.5);
  ParticleBatch moved = batch;
  moved.images = batch.images.roll({2, -1}, {1, 2});  // y, x
  moved.shift = batch.shift + tensor_from(std::vector<float>{float(-kPixel), float(2 * kPixel)}, {1, 2});
  const Tensor before = seen(features_of(model, batch)), after = seen(features_of(model, moved));
  ASSERT_EQ(before.size(0), 6);
  const double size = before.abs().max().item<double>();
  EXPECT_LT((after - before).abs().max().item<double>(), 1e-3 * size);
  // But they do change when only the image moves.
  moved.shift = batch.shift;
  EXPECT_GT((seen(features_of(model, moved)) - before).abs().max().item<double>(), 0.3 * size);
}

// A quarter turn of the camera: image, shift and rotation turn together, and what is seen from the molecule's frame stays.
TEST(CanonicalFeatures, DoNotChangeWhenTheCameraTurns) {
  const Autoencoder model = make_model();
  ParticleBatch batch = images_of_base(model, 0);
  const Tensor x = model.base_positions.unsqueeze(0) + 0.5 * normal(11, {1, model.base_positions.size(0), 3});
  batch.images = model.images.predict(x, batch, at::ones({6}));
  ParticleBatch turned = batch;
  const Tensor quarter = tensor_from(std::vector<float>{0, -1, 0, 1, 0, 0, 0, 0, 1}, {3, 3});
  turned.rotation = at::matmul(quarter, batch.rotation).contiguous();
  turned.shift = at::matmul(batch.shift, quarter.slice(0, 0, 2).slice(1, 0, 2).t()).contiguous();
  turned.images = model.images.predict(x, turned, at::ones({6}));
  const Tensor before = seen(features_of(model, batch)), after = seen(features_of(model, turned));
  const double size = before.abs().max().item<double>();
  EXPECT_GT(size, 0);
  EXPECT_LT((after - before).abs().max().item<double>(), 0.02 * size);
}

TEST(CanonicalFeatures, AreNothingWhereTheBaseExplainsTheImage) {
  const Autoencoder model = make_model();
  const ParticleBatch clean = images_of_base(model, 0);
  const Tensor explained = seen(features_of(model, clean));
  ParticleBatch empty = clean;
  empty.images = at::zeros_like(clean.images);
  const double size = seen(features_of(model, empty)).abs().max().item<double>();
  EXPECT_LT(explained.abs().max().item<double>(), 1e-3 * size);
}

TEST(CanonicalFeatures, AreScaledToUnitMeanSquareByCalibration) {
  Autoencoder model = make_model();
  const ParticleBatch batch = images_of_base(model, 0.5);
  model.encoder.calibrate(features_of(model, batch));
  EXPECT_NEAR(seen(features_of(model, batch)).square().mean().item<double>(), 1, 1e-3);
}

TEST(ImageFeatures, AreThePixels) {
  ModelConfig config = small_model();
  config.encoder.kind = "image";
  const Autoencoder model = make_model(config);
  const ParticleBatch batch = images_of_base(model, 0.5);
  const Tensor found = features_of(model, batch);
  EXPECT_TRUE(at::equal(found, batch.images.reshape({6, -1})));
  // And layer normalisation makes the answer blind to brightness and contrast.
  const DiagonalGaussian a = model.encoder(found), b = model.encoder(3 * found + 2);
  EXPECT_TRUE(at::allclose(a.mean, b.mean, 1e-3, 1e-4));
}

TEST(Encoder, StartsWithNarrowPosteriors) {
  for (const char* kind : {"canonical", "image"}) {
    ModelConfig config = small_model();
    config.encoder.kind = kind;
    Autoencoder model = make_model(config);
    const ParticleBatch batch = images_of_base(model, 0.5);
    model.encoder.calibrate(features_of(model, batch));
    const DiagonalGaussian found = model.encoder(features_of(model, batch));
    EXPECT_EQ(found.mean.sizes(), (at::IntArrayRef{6, 4}));
    EXPECT_GT(found.deviation.min().item<float>(), 0.05);
    EXPECT_LT(found.deviation.max().item<float>(), 0.2);
    EXPECT_LT(found.mean.abs().max().item<float>(), 2);
  }
}

TEST(Encoder, OfUnknownKindIsRefusedWithTheNearestName) {
  ModelConfig config = small_model();
  config.encoder.kind = "canonicle";
  const std::string message = testing::error_of([&] { make_model(config); });
  EXPECT_NE(message.find("Did you mean 'canonical'?"), std::string::npos) << message;
}

TEST(Autoencoder, IsDecidedByItsSeed) {
  const Structure base = testing::centred_helix();
  const Autoencoder a(small_model(), base, kBox, kPixel, 5), b(small_model(), base, kBox, kPixel, 5), c(small_model(), base, kBox, kPixel, 6);
  bool differs = false;
  for (size_t i = 0; i < a.parameters.all().size(); ++i) {
    EXPECT_TRUE(at::equal(a.parameters.all()[i].second, b.parameters.all()[i].second));
    differs |= !at::equal(a.parameters.all()[i].second, c.parameters.all()[i].second);
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace cryomer
