#include "cryomer/model/atom_widths.h"

#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "cryomer/base/units.h"
#include "cryomer/imaging/image_model.h"
#include "cryomer/protein/atom_blobs.h"
#include "cryomer/protein/rigid_residues.h"
#include "model/small_views.h"
#include "testing.h"

namespace cryomer {
namespace {

constexpr int kBox = 32;
constexpr double kPixel = 1.5;

ModelConfig widening_to(double largest) {
  ModelConfig config;
  config.atom_width = 1.2;
  config.largest_atom_width = largest;
  return config;
}

TEST(AtomWidths, AreAsGivenWhenTheyAreNotLearned) {
  ParameterSet parameters(1);
  const AtomWidths widths(widening_to(1.2), *rigid_residues(testing::centred_helix()), parameters);
  EXPECT_FALSE(widths.learned());
  EXPECT_EQ(parameters.count(), 0);
  EXPECT_TRUE(at::equal(widths(), at::full({80}, 1.2f)));
  EXPECT_TRUE(at::equal(widths.b_factors(), at::zeros({80})));
}

TEST(AtomWidths, StartNearTheGivenOneAndNeverPassTheLargest) {
  ParameterSet parameters(1);
  const AtomWidths widths(widening_to(2), *rigid_residues(testing::centred_helix()), parameters);
  EXPECT_LT((widths() - 1.2).abs().max().item<double>(), 0.05);
  at::NoGradGuard guard;
  for (const auto& [name, tensor] : parameters.all()) tensor.fill_(100);
  EXPECT_NEAR(widths().min().item<double>(), 2, 1e-6);
  EXPECT_NEAR(widths.b_factors().max().item<double>(), 8 * kPi * kPi * (4 - 1.44), 1e-3);
  for (const auto& [name, tensor] : parameters.all()) tensor.fill_(-100);
  EXPECT_NEAR(widths().max().item<double>(), 1.2, 1e-6);
}

TEST(AtomWidths, CountTheResiduesOwnPartByItsShare) {
  ParameterSet parameters(1);
  AtomWidths widths(widening_to(2), *rigid_residues(testing::centred_helix()), parameters);
  at::NoGradGuard guard;
  for (const auto& [name, tensor] : parameters.all()) {
    if (name == "widths.mobility") tensor[3] = 1;
  }
  const Tensor all = widths().clone();
  EXPECT_GT(all.max().item<double>(), all.min().item<double>() + 0.5);
  widths.mobile_share = 0;
  EXPECT_EQ(widths().max().item<float>(), widths().min().item<float>());
  EXPECT_LT(widths().max().item<float>(), all.min().item<float>());
}

TEST(AtomWidths, FindTheResiduesThatAreBlurredAndHowMuchAllAre) {
  const Structure s = testing::centred_helix();
  const auto bodies = rigid_residues(s);
  Tensor truth = at::full({s.atom_count()}, 1.4f);
  truth.slice(0, bodies->first_atom[6], bodies->first_atom[9]).fill_(2.2f);
  ImageModel images(unit_blobs(s, 1.2), kBox, 1.0);
  images.noise.power = at::full({1, ring_count(kBox)}, 0.01, at::kDouble);
  images.scale = {{1.0}, {0.01}};
  ParticleBatch batch = testing::random_views(60, kBox, kPixel, 5000, 31);
  const Tensor positions = tensor_from(s.coordinates(), {1, s.atom_count(), 3}), index = at::arange(60, at::kLong);
  images.set_widths(truth);
  batch.images = images.predict(positions, batch, at::ones({60})) + 0.1 * images.noise_images(batch, Random(32));
  const ObservedBatch observed = images.observe(batch);

  ParameterSet parameters(1);
  const AtomWidths widths(widening_to(3), *bodies, parameters);
  for (int step = 0; step < 300; ++step) {
    const Tensor loss =
        -images.log_likelihood(widths(), positions, batch.rotation, batch.shift, {at::zeros({60}, at::kLong), index}, observed).log_likelihood.sum();
    std::vector<Tensor> inputs;
    for (const auto& [name, tensor] : parameters.all()) inputs.push_back(tensor);
    const auto gradients = torch::autograd::grad({loss}, inputs);
    at::NoGradGuard guard;
    for (size_t i = 0; i < inputs.size(); ++i) inputs[i] -= 0.02 * std::pow(0.98, step) * gradients[i].sign();
  }
  at::NoGradGuard guard;
  EXPECT_LT((widths() - truth).abs().max().item<double>(), 0.1) << widths();
}

}  // namespace
}  // namespace cryomer
