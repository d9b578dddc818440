#include "cryomer/model/atom_widths.h"

#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "cryomer/base/units.h"
#include "cryomer/geometry/rotation.h"
#include "cryomer/imaging/image_model.h"
#include "cryomer/protein/atom_blobs.h"
#include "cryomer/protein/rigid_residues.h"
#include "evaluation/small_structures.h"
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

Structure centred_helix() {
  Structure s = testing::polyalanine(16);
  const Vec3 centre = s.centroid();
  for (Atom& atom : s.atoms) atom.position = atom.position - centre;
  return s;
}

ParticleBatch views(int64_t count) {
  ParticleBatch batch;
  Random random(31);
  batch.rotation = at::empty({count, 3, 3});
  batch.shift = at::zeros({count, 2});
  batch.images = at::zeros({count, kBox, kBox});
  for (int64_t i = 0; i < count; ++i) {
    const Mat3 rotation = random_rotation(random);
    for (int k = 0; k < 9; ++k) batch.rotation.data_ptr<float>()[9 * i + k] = float(rotation.values[k]);
    ParticleOptics p;
    p.optics.pixel_size = kPixel;
    p.ctf.defocus_u = p.ctf.defocus_v = 5000;
    batch.optics.push_back(p);
    batch.optics_group.push_back(0);
    batch.particle.push_back(i);
  }
  return batch;
}

TEST(AtomWidths, AreAsGivenWhenTheyAreNotLearned) {
  ParameterSet parameters(1);
  const AtomWidths widths(widening_to(1.2), *rigid_residues(centred_helix()), parameters);
  EXPECT_FALSE(widths.learned());
  EXPECT_EQ(parameters.count(), 0);
  EXPECT_TRUE(at::equal(widths(), at::full({80}, 1.2f)));
  EXPECT_TRUE(at::equal(widths.b_factors(), at::zeros({80})));
}

TEST(AtomWidths, StartNearTheGivenOneAndNeverPassTheLargest) {
  ParameterSet parameters(1);
  const AtomWidths widths(widening_to(2), *rigid_residues(centred_helix()), parameters);
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
  AtomWidths widths(widening_to(2), *rigid_residues(centred_helix()), parameters);
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
  const Structure s = centred_helix();
  const auto bodies = rigid_residues(s);
  Tensor truth = at::full({s.atom_count()}, 1.4f);
  truth.slice(0, bodies->first_atom[6], bodies->first_atom[9]).fill_(2.2f);
  ImageModel images(unit_blobs(s, 1.2), kBox, 1.0);
  images.noise.power = at::full({1, ring_count(kBox)}, 0.01, at::kDouble);
  images.scale = {{1.0}, {0.01}};
  ParticleBatch batch = views(60);
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
