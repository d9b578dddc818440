// What a trained model is asked for: posteriors of particles and structures, judged by the frame and the bonds they come in.
#include <cmath>

#include "cryomer/data/particle_loader.h"
#include "cryomer/inference/posterior.h"
#include "cryomer/inference/sampling.h"
#include "cryomer/protein/restraints.h"
#include "cryomer/training/data_fingerprint.h"
#include "training/small_run.h"

namespace cryomer {
namespace {

using testing::error_of;

// A short run, trained once for all tests.
struct Trained {
  TrainingConfig config = testing::small_config(testing::small_data(), 6);
  RunDirectory directory{testing::scratch_folder()};
  std::unique_ptr<testing::SmallRun> run;
  TrainedModel model;

  Trained() {
    run = std::make_unique<testing::SmallRun>(config, directory.path);
    run->trainer->run();
    model = load_trained_model(directory);
  }
};
const Trained& trained() {
  static const Trained once;
  return once;
}

double distance(const Tensor& x, int i, int j) { return (x[i] - x[j]).to(at::kDouble).norm().item<double>(); }

TEST(DecodeStructures, AreInTheFrameOfTheOriginalFile) {
  const TrainedModel& model = trained().model;
  const Tensor x = decode_structures(model, at::zeros({1, 2}))[0];
  const Structure& s = model.setup.structure;
  ASSERT_EQ(x.sizes(), (at::IntArrayRef{s.atom_count(), 3}));
  // The base stands 30 A from the origin of its file and the model does not turn it: what is left is how it bends.
  const Tensor base = tensor_from(s.coordinates(), {s.atom_count(), 3});
  ASSERT_GT(base.mean(0).norm().item<double>(), 20);
  EXPECT_LT((x.mean(0) - base.mean(0)).norm().item<double>(), 0.5);
  EXPECT_LT(std::sqrt(3 * (x - base).square().mean().item<double>()), 3);
  const Superposition fit = superpose(to_floats(x).data(), s.coordinates().data(), size_t(s.atom_count()));
  EXPECT_LT(rotation_distance(fit.transform.rotation, Mat3()), radians(20));
}

TEST(DecodeStructures, HaveClosedBondsAndRigidResidues) {
  const TrainedModel& model = trained().model;
  const Structure& s = model.setup.structure;
  const Tensor z = model.model->prior.sample(20, 3);
  const Tensor x = decode_structures(model, z);
  const Tensor base = tensor_from(s.coordinates(), {s.atom_count(), 3});
  double moved = 0;
  for (int64_t i = 0; i < x.size(0); ++i) {
    for (const DistanceRestraint& bond : peptide_bonds(s)) EXPECT_NEAR(distance(x[i], bond.i, bond.j), 1.329, 0.01) << i;
    for (int r = 0; r < s.residue_count(); ++r) {
      for (const char* other : {"N", "C", "CB"}) {
        const int a = s.find_atom(r, "CA"), b = s.find_atom(r, other);
        EXPECT_NEAR(distance(x[i], a, b), distance(base, a, b), 1e-3);
      }
    }
    moved += std::sqrt(3 * (x[i] - base).square().mean().item<double>()) / double(x.size(0));
  }
  EXPECT_GT(moved, 0.3);  // they are not all the base
}

TEST(DecodeStructures, ComeInOrderInBlocks) {
  const TrainedModel& model = trained().model;
  const Tensor z = model.model->prior.sample(300, 4);
  std::vector<Tensor> blocks;
  decode_in_blocks(model, z, "decoding", [&](const Tensor& block) { blocks.push_back(block); });
  ASSERT_EQ(blocks.size(), 2u);
  const Tensor all = at::cat(blocks);
  ASSERT_EQ(all.size(0), 300);
  for (const int64_t i : {0, 255, 256, 299}) {
    EXPECT_TRUE(at::allclose(all[i], decode_structures(model, z.slice(0, i, i + 1))[0], 0, 1e-3)) << i;
  }
}

TEST(InferPosterior, HasARowForEveryParticleInTheirOrder) {
  const Trained& t = trained();
  const Posterior all = infer_posterior(t.model, t.run->stack, true);
  ASSERT_EQ(all.mean.sizes(), (at::IntArrayRef{300, 2}));
  EXPECT_GT(all.deviation.min().item<float>(), 0);
  const Posterior some = infer_posterior_of({299, 0, 17}, t.model, t.run->stack, true);
  const int64_t rows[3] = {299, 0, 17};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(at::allclose(some.mean[i], all.mean[rows[i]], 1e-4, 1e-5)) << i;
}

// Nats of each image under the middle of its posterior, minus what the posterior costs.
double fit(const Trained& t, const Posterior& p) {
  at::NoGradGuard guard;
  const Autoencoder& model = *t.model.model;
  const ParticleLoader loader(t.run->stack);
  const ParticleBatch batch = loader.load(all_particles(t.run->stack));
  const int64_t n = batch.size();
  const ViewIndex views{at::arange(n, at::kLong), at::arange(n, at::kLong)};
  return model.images.log_likelihood(model.decoder(p.mean), batch.rotation, batch.shift, views, model.images.observe(batch))
      .log_likelihood.mean().item<double>();
}

TEST(InferPosterior, ImprovesWithRefinement) {
  const Trained& t = trained();
  Refinement refinement;
  refinement.steps = 40;
  Refinement none;
  none.steps = 0;
  const Posterior start = infer_posterior(t.model, t.run->stack, true, none), better = infer_posterior(t.model, t.run->stack, true, refinement);
  EXPECT_GT(fit(t, better), fit(t, start));
  const Posterior again = infer_posterior(t.model, t.run->stack, true, refinement);
  EXPECT_TRUE(at::equal(better.mean, again.mean));
  EXPECT_TRUE(at::equal(better.deviation, again.deviation));
  // The model is as it was, and can be trained on.
  for (const auto& [name, tensor] : t.model.model->parameters.all()) EXPECT_TRUE(tensor.requires_grad()) << name;
}

TEST(InferPosterior, StartsWhereTrainingEndedForItsOwnParticles) {
  const Trained& t = trained();
  ASSERT_EQ(t.model.latents.size(), 300);
  Refinement none;
  none.steps = 0;
  const std::vector<int64_t> rows = {299, 0, 17};
  const auto start = [&](const TrainedModel& model, bool own) { return infer_posterior_of(rows, model, t.run->stack, own, none).mean; };
  const Tensor known = start(t.model, true), guessed = start(t.model, false);
  EXPECT_TRUE(at::equal(known, t.model.latents.rows(tensor_from(rows)).mean));
  EXPECT_FALSE(at::allclose(known, guessed));
  // Where the particles are no longer those, nothing is known of them.
  TrainedModel other = load_trained_model(t.directory);
  EXPECT_EQ(other.particles_fingerprint, particles_fingerprint(t.run->stack));
  other.particles_fingerprint = "0123456789abcdef";
  EXPECT_TRUE(at::equal(start(other, true), guessed));
}

// Latents that learned together with poses know some of each image's noise.
TEST(InferPosterior, StartsFromTheEncoderAtThePosesThatTrainingEndedWithWherePosesWereInferred) {
  const Trained& t = trained();
  TrainedModel model = load_trained_model(t.directory);
  model.setup.config.data.poses = "infer";
  model.poses = PoseTable(t.run->stack);
  model.poses.rotation = model.poses.rotation.flip(0);  // each has another's
  model.poses.shift = model.poses.shift.flip(0);
  const std::vector<int64_t> rows = {17, 0};
  Refinement none;
  none.steps = 0;
  const Posterior found = infer_posterior_of(rows, model, t.run->stack, true, none);
  ParticleBatch posed = ParticleLoader(t.run->stack).load(rows);
  posed.rotation = model.poses.rotation.select(1, 0).index_select(0, tensor_from(rows));
  posed.shift = model.poses.shift.select(1, 0).index_select(0, tensor_from(rows));
  at::NoGradGuard guard;
  const Tensor guessed = t.model.model->encode(posed).mean;
  EXPECT_TRUE(at::allclose(found.mean, guessed, 1e-4, 1e-5));
  EXPECT_FALSE(at::allclose(found.mean, t.model.latents.rows(tensor_from(rows)).mean, 0.01, 0.01));
  EXPECT_NEAR(found.poses[0].shift_x, posed.shift.data_ptr<float>()[0], 1e-6);
}

TEST(InferPosterior, FindsTheOpticsGroupsOfTheTrainingDataByName) {
  const Trained& t = trained();
  TrainedModel model = load_trained_model(t.directory);
  const std::vector<std::string> own = optics_group_names(t.run->stack);
  ASSERT_EQ(model.optics_groups, own);
  // Another group comes first now, of which nothing here is true.
  model.optics_groups = {"another", own[0]};
  ImageModel& images = model.model->images;
  images.noise.power = at::cat({100 * images.noise.power, images.noise.power});
  images.scale.mean.insert(images.scale.mean.begin(), -5.0);
  images.scale.deviation.insert(images.scale.deviation.begin(), 0.01);
  const std::vector<int64_t> rows = {0, 50, 100};
  EXPECT_TRUE(at::equal(infer_posterior_of(rows, model, t.run->stack, true).mean, infer_posterior_of(rows, t.model, t.run->stack, true).mean));
  model.optics_groups = {"another", "a third"};
  const std::string message = error_of([&] { infer_posterior_of(rows, model, t.run->stack, true); });
  EXPECT_NE(message.find("the model was trained on another, a third"), std::string::npos) << message;
}

TEST(InferPosterior, RefusesImagesOfAnotherSize) {
  const std::string folder = testing::scratch_folder();
  MrcStackWriter writer(folder + "/particles.mrcs", 16, 16, 2.0);
  writer.write_section(std::vector<float>(256, 1.0f).data());
  writer.commit();
  StarTable table;
  table.name = "particles";
  for (const char* c : {"rlnImageName", "rlnDefocusU", "rlnImagePixelSize", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"}) table.add_column(c);
  table.add_row({"1@particles.mrcs", "8000", "2", "0", "0", "0"});
  StarFile star;
  star.tables = {table};
  write_star(folder + "/p.star", star);
  set_log_level(LogLevel::error);
  ParticleStackOptions options;
  options.data_dir = folder;
  const ParticleStack stack = ParticleStack::open(folder + "/p.star", options);
  set_log_level(LogLevel::info);
  const std::string message = error_of([&] { infer_posterior(trained().model, stack, true); });
  EXPECT_NE(message.find("images of 16 pixels, but the model was trained on 24 pixels"), std::string::npos) << message;
}

}  // namespace
}  // namespace cryomer
