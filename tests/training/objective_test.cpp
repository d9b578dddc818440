#include "cryomer/training/objective.h"

#include <cmath>

#include "cryomer/data/particle_loader.h"
#include "cryomer/ops/structure_energies.h"
#include "cryomer/protein/restraints.h"
#include "training/small_run.h"

namespace cryomer {
namespace {

TEST(AntitheticNoise, ComesInPairsOfOppositeSign) {
  const Tensor even = antithetic_noise(Random(3), 4, 6, 5);
  EXPECT_TRUE(at::equal(even.slice(1, 0, 3), -even.slice(1, 3, 6)));
  const Tensor odd = antithetic_noise(Random(3), 4, 5, 5);
  ASSERT_EQ(odd.sizes(), (at::IntArrayRef{4, 5, 5}));
  EXPECT_TRUE(at::equal(odd.slice(1, 0, 2), -odd.slice(1, 3, 5)));
  EXPECT_TRUE(at::equal(antithetic_noise(Random(3), 4, 5, 5), odd));
}

// A fresh model and some particles of the small system.
struct Scene {
  std::string data = testing::small_data(40, testing::polyserine(16));
  TrainingConfig config = testing::small_config(data, 1);
  testing::SmallRun run{config, testing::scratch_folder()};
  const Autoencoder& model = (run.trainer->begin(), run.trainer->model());
  ParticleBatch batch = ParticleLoader(run.stack).load({0, 1, 2, 3, 4, 5});
  ObservedBatch observed = model.images.observe(batch);
  Restraints restraints{std::make_shared<std::vector<DistanceRestraint>>(chain_restraints(read_structure(config.data.structure)))};
  Tensor noise = antithetic_noise(Random(5), 6, 4, 2);
  DiagonalGaussian posterior{at::full({6, 2}, 0.3f), at::full({6, 2}, 0.5f)};

  LossTerms at(const ObjectiveStage& stage, const Tensor& weight = {}) const {
    return loss(model, config.objective, restraints, batch, observed, posterior, draw_conformations(model, posterior, noise), stage, weight);
  }
};

// Rules under which even the base structure clashes.
std::shared_ptr<const ClashRules> crowded(const Autoencoder& model) {
  auto rules = std::make_shared<ClashRules>();
  for (int64_t a = 0; a < model.base_positions.size(0); ++a) {
    rules->radius.push_back(1.5f);
    rules->residue.push_back(int(a));
    rules->bonded_to_previous.push_back(0);
  }
  return rules;
}

// Rules that the base structure does not keep.
std::shared_ptr<const BackboneTorsionRules> strained(const std::string& structure) {
  auto rules = std::make_shared<BackboneTorsionRules>(backbone_torsion_rules(read_structure(structure)));
  for (TorsionRegion& region : rules->regions) region = {1, 1, 0.1, 0.1};
  return rules;
}

TEST(Loss, IsTheSumOfItsTerms) {
  Scene scene;
  scene.config.objective.chain = 0.3;
  scene.config.objective.centring = 0.7;
  scene.config.objective.torsions = 0.4;
  scene.config.objective.clashes = 0.6;
  scene.config.objective.ramachandran = 0.5;
  scene.config.objective.rotamers = 0.2;
  scene.config.objective.left_handed = 0.8;
  scene.restraints.clashes = crowded(scene.model);
  scene.restraints.ramachandran = strained(scene.config.data.structure);
  scene.restraints.rotamers = staggering_rules(read_structure(scene.config.data.structure));
  scene.restraints.left_handed = strained(scene.config.data.structure);
  {
    at::NoGradGuard guard;
    for (const auto& [name, tensor] : scene.model.parameters.all()) {
      if (name == "decoder.torsions.bias") tensor.fill_(0.5);
    }
  }
  EXPECT_NEAR(scene.at({}).figures().torsions, 16 * (1 - std::cos(0.5)), 1e-3);
  EXPECT_NEAR(scene.at({}).figures().rotamers, 16 * 2.5 * (1 - std::cos(1.5)), 1e-2);  // from 180 degrees, where they were staggered
  for (const double warmth : {0.0, 0.25, 1.0}) {
    const LossTerms terms = scene.at({warmth, 1 - warmth, 2 + warmth});
    const Figures t = terms.figures();
    EXPECT_GT(t.clashes, 1);
    EXPECT_GT(t.ramachandran, 1);
    EXPECT_NEAR(t.left_handed, t.ramachandran, 1e-3 * t.ramachandran);
    EXPECT_NEAR(terms.total.item<double>(),
                -t.log_likelihood + (2 + warmth) * t.kl + warmth * (0.3 * t.chain + 0.6 * t.clashes + 0.2 * t.rotamers + 0.8 * t.left_handed) +
                    (1 - warmth) * 0.5 * t.ramachandran + 0.4 * t.torsions + 0.7 * t.centring,
                1e-3 * (1 + std::abs(t.log_likelihood)));
  }
}

TEST(Loss, CountsRowsByTheirWeights) {
  const Scene scene;
  auto with = [&](const Tensor& weight) { return scene.at({}, weight); };
  const LossTerms second = with(tensor_from(std::vector<float>{0, 3, 0, 0, 0, 0}, {6})), even = with(at::full({6}, 0.5f)), all = scene.at({});
  EXPECT_NEAR(second.figures().log_likelihood - second.figures().kl, second.bound[1].item<double>(), 1e-3 * (1 + std::abs(second.figures().log_likelihood)));
  EXPECT_NEAR(even.total.item<double>(), all.total.item<double>(), 1e-3 * (1 + std::abs(all.figures().log_likelihood)));
  EXPECT_NEAR(all.bound.mean().item<double>(), all.figures().log_likelihood - all.figures().kl, 1e-3 * (1 + std::abs(all.figures().log_likelihood)));
}

TEST(Loss, HasTheTermsThatItsPositionsSay) {
  const Scene scene;
  const LossTerms t = scene.at({});
  ASSERT_EQ(t.positions.size(0), 24);
  EXPECT_NEAR(t.figures().chain, distance_restraint_energies(scene.restraints.chain, t.positions).mean().item<double>(), 1e-3);
  EXPECT_NEAR(t.figures().centring, t.positions.mean(1).square().sum(1).mean().item<double>(), 1e-5);
  // Sample s of image i is row 4 i + s, and its positions are what the decoder makes of its latent.
  EXPECT_NEAR(t.latents[4 * 2 + 1][0].item<double>(), 0.3 + 0.5 * scene.noise[2][1][0].item<double>(), 1e-5);
  at::NoGradGuard guard;
  EXPECT_TRUE(at::allclose(scene.model.decoder(t.latents), t.positions, 0, 1e-4));
  // The prior is the standard normal still: the divergence is known.
  EXPECT_NEAR(t.figures().kl, scene.posterior.divergence_from_standard_normal().mean().item<double>(), 1e-4);
}

// log mean p >= mean log p, and equal when there is one sample.
TEST(Loss, OfManySamplesIsNoLargerThanTheBound) {
  Scene scene;
  const double bound = scene.at({0, 0}).total.item<double>();
  scene.config.objective.kind = "multi_sample";
  EXPECT_LT(scene.at({0, 0}).total.item<double>(), bound);
  scene.noise = scene.noise.slice(1, 0, 1).contiguous();
  const double one = scene.at({0, 0}).total.item<double>();
  scene.config.objective.kind = "elbo";
  EXPECT_NEAR(scene.at({0, 0}).total.item<double>(), one, 1e-4 * std::abs(one));
}

// Poses given one for each image, for each sample, or several for each sample that are all the same: one and the same objective.
TEST(Loss, TakesAnyNumberOfPosesForEachSample) {
  Scene scene;
  scene.config.objective.kind = "multi_sample";
  const double once = scene.at({}).total.item<double>();
  for (const int64_t each : {4, 12}) {
    ParticleBatch repeated = scene.batch;
    repeated.rotation = scene.batch.rotation.repeat_interleave(each, 0);
    repeated.shift = scene.batch.shift.repeat_interleave(each, 0);
    const LossTerms t = loss(scene.model, scene.config.objective, scene.restraints, repeated, scene.observed, scene.posterior,
                             draw_conformations(scene.model, scene.posterior, scene.noise), {});
    EXPECT_NEAR(t.total.item<double>(), once, 1e-4 * std::abs(once)) << each;
  }
  // And the poses of a sample are neighbours: spoiling all of one sample's spoils that sample alone.
  ParticleBatch spoiled = scene.batch;
  spoiled.rotation = scene.batch.rotation.repeat_interleave(8, 0);
  spoiled.shift = scene.batch.shift.repeat_interleave(8, 0).clone();
  spoiled.shift.slice(0, 0, 2).fill_(1000);
  scene.config.objective.kind = "elbo";
  const DrawnConformations drawn = draw_conformations(scene.model, scene.posterior, scene.noise);
  const Tensor likelihood = loss(scene.model, scene.config.objective, scene.restraints, spoiled, scene.observed, scene.posterior, drawn, {}).overlap;
  EXPECT_LT(likelihood.slice(0, 0, 2).abs().max().item<double>(), 1e-3);
  EXPECT_GT(likelihood.slice(0, 2, 8).abs().min().item<double>(), 1e-3);
}

TEST(SleepLoss, IsDecidedByItsRandomNumbersAndTeachesTheEncoderAlone) {
  const Scene scene;
  const LossTerms t = scene.at({});
  const Tensor chosen = at::arange(6, at::kLong) * 4;
  auto value = [&](uint64_t seed) {
    return sleep_loss(scene.model, scene.batch, t.positions.index_select(0, chosen), t.latents.index_select(0, chosen), Random(seed));
  };
  EXPECT_EQ(value(3).item<double>(), value(3).item<double>());
  EXPECT_NE(value(3).item<double>(), value(4).item<double>());
  for (const auto& [name, tensor] : scene.model.parameters.all()) {
    if (tensor.grad().defined()) tensor.grad().zero_();
  }
  value(3).backward();
  double encoder = 0;
  for (const auto& [name, tensor] : scene.model.parameters.all()) {
    const double size = tensor.grad().defined() ? tensor.grad().abs().sum().item<double>() : 0;
    if (name.rfind("decoder", 0) == 0) {
      EXPECT_EQ(size, 0) << name;
    } else {
      encoder += size;
    }
  }
  EXPECT_GT(encoder, 0);
}

}  // namespace
}  // namespace cryomer
