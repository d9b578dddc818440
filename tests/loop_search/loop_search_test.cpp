#include "cryomer/loop_search/loop_search.h"

#include "cryomer/base/log.h"
#include "cryomer/protein/atom_blobs.h"
#include "loop_search/small_loop.h"
#include "pose_search/small_molecule.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::helix_with_loop;
using testing::kLoopFirst;
using testing::kLoopLast;
using testing::loop_distance;

constexpr int kBox = 32;

Structure centred(Structure s, Vec3 centre) {
  for (Atom& atom : s.atoms) atom.position = atom.position - centre;
  return s;
}

Tensor positions_of(const Structure& s) { return tensor_from(s.coordinates(), {1, s.atom_count(), 3}); }

ImageModel image_model(const Structure& s, double noise) {
  ImageModel model(unit_blobs(s, 1.2), kBox, 1.0);
  model.noise.power = at::full({1, ring_count(kBox)}, noise, at::kDouble);
  model.scale.mean = {1};
  model.scale.deviation = {1e-4};  // known
  return model;
}

// Images of a structure from everywhere.
ParticleBatch particles(const Structure& s, const ImageModel& model, int64_t count, bool with_noise) {
  ParticleBatch batch;
  batch.rotation = at::empty({count, 3, 3});
  batch.shift = at::empty({count, 2});
  Random random(11);
  for (int64_t i = 0; i < count; ++i) {
    const Mat3 rotation = random_rotation(random);
    const double x = random.normal(), y = random.normal();
    batch.poses().put(i, {rotation, x, y});
    ParticleOptics p;
    p.optics.pixel_size = i % 4 == 0 ? 2.1 : 2.0;
    p.ctf.defocus_u = 8000 + 500 * double(i % 3);
    p.ctf.defocus_v = p.ctf.defocus_u - 300;
    batch.optics.push_back(p);
    batch.optics_group.push_back(0);
    batch.particle.push_back(i);
  }
  batch.images = at::zeros({count, kBox, kBox});
  batch.images = model.predict(positions_of(s), batch, at::ones({count}));
  if (with_noise) batch.images = batch.images + model.noise_images(batch, Random(13));
  return batch;
}

TEST(ResidualImages, SayWhatTheLikelihoodSays) {
  const Structure raw = helix_with_loop(1);
  const Structure truth = centred(raw, raw.centroid()), base = centred(helix_with_loop(2), raw.centroid());
  const ImageModel model = image_model(truth, 0.02);
  const std::vector<ParticleBatch> batches = {particles(truth, model, 400, true)};
  const ParticleBatch& batch = batches[0];
  const ResidualImages residuals(model, batches, {positions_of(base)}, 1.2);
  const int first = base.residues[kLoopFirst].first_atom, last = base.residues[kLoopLast + 1].first_atom;
  // The change from the base to the truth: atoms of mass one there, of minus one here.
  std::vector<Vec3> points;
  std::vector<double> mass;
  for (const Structure* s : {&truth, &base}) {
    for (int a = first; a < last; ++a) {
      points.push_back(s->atoms[size_t(a)].position);
      mass.push_back(s == &truth ? 1 : -1);
    }
  }
  const std::vector<double> even = residuals.gains(points, 0), odd = residuals.gains(points, 1);
  double found = 0;
  for (size_t a = 0; a < points.size(); ++a) {
    found += mass[a] * (even[a] + odd[a]) / 2;
    for (size_t b = 0; b < points.size(); ++b) found -= 0.5 * mass[a] * mass[b] * residuals.overlap()(norm(points[a] - points[b]));
  }
  const ObservedBatch observed = model.observe(batch);
  const ViewIndex views{at::zeros({batch.size()}, at::kLong), at::arange(batch.size(), at::kLong)};
  auto likelihood = [&](const Structure& s) {
    return model.log_likelihood(positions_of(s), batch.rotation, batch.shift, views, observed).log_likelihood.mean().item<double>();
  };
  const double expected = likelihood(truth) - likelihood(base);
  EXPECT_GT(expected, 1);
  EXPECT_NEAR(found, expected, 0.06 * expected);
}

TEST(ResidualImages, KnowWhatAStructureShowsAndWhatIsNotThere) {
  const Structure raw = helix_with_loop(1);
  const Structure truth = centred(raw, raw.centroid()), base = centred(helix_with_loop(2), raw.centroid());
  const ImageModel model = image_model(truth, 0.02);
  const std::vector<ParticleBatch> batches = {particles(truth, model, 400, true)};
  const std::vector<double> right = shown_residues(ResidualImages(model, batches, {positions_of(truth)}, 1.2), truth);
  for (const double value : right) EXPECT_NEAR(value, 1, 0.15);
  EXPECT_TRUE(misplaced_loops(truth, right).stretches.empty());
  // Every image with a conformation of its own.
  const std::vector<double> wrong =
      shown_residues(ResidualImages(model, batches, {positions_of(base).expand({400, -1, -1})}, 1.2), base);
  EXPECT_LT(wrong[(kLoopFirst + kLoopLast) / 2], 0.6);
  EXPECT_GT(wrong[2], 0.8);
}

TEST(MisplacedLoops, AreStretchesThatAreHardlyShown) {
  const Structure s = testing::polyalanine(100);
  std::vector<double> shown(100, 1.0);
  for (int r = 40; r < 46; ++r) shown[size_t(r)] = 0.82;
  EXPECT_TRUE(misplaced_loops(s, shown).stretches.empty()) << "nowhere below";
  shown[43] = 0.5;
  const std::vector<Stretch> found = misplaced_loops(s, shown).stretches;
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].first, 40);
  EXPECT_EQ(found[0].last, 45);
  Structure broken = s;
  broken.residues[43].bonded_to_previous = false;
  EXPECT_TRUE(misplaced_loops(broken, shown).stretches.empty()) << "two stretches of three, too short";
  EXPECT_EQ(misplaced_loops(broken, shown).remarks.size(), 1u) << "the other is not below";
  Structure capped = s;
  capped.residues[46].kind = ResidueKind::other;
  EXPECT_TRUE(misplaced_loops(capped, shown).stretches.empty()) << "the cap would stay behind";
  for (int r = 60; r < 85; ++r) shown[size_t(r)] = 0.5;
  EXPECT_TRUE(misplaced_loops(s, shown).stretches.empty()) << "too much of the whole";
}

TEST(SearchLoops, FindsALoopThatTheImagesShowElsewhereWhateverTheNoise) {
  const Structure raw = helix_with_loop(1);
  const Structure truth = centred(raw, raw.centroid()), base = centred(helix_with_loop(2), raw.centroid());
  const double before = loop_distance(base, truth);
  ASSERT_GT(before, 4);
  LoopSearchConfig config;
  config.tries = 3;
  config.moves = 20000;
  for (const double noise : {0.02, 5.0}) {
    const ImageModel model = image_model(truth, noise);
    const std::vector<ParticleBatch> batches = {particles(truth, model, 400, true)};
    const std::vector<FoundLoop> found = search_loops(model, batches, base, {{kLoopFirst, kLoopLast}}, config, 1);
    ASSERT_EQ(found.size(), 1u) << noise;
    EXPECT_LT(found[0].shown_before, 0.7) << noise;
    EXPECT_GT(found[0].shown, 0.8) << noise;
    EXPECT_GT(found[0].gain, 10 / noise) << noise;
    Structure moved = base;
    for (size_t a = 0; a < found[0].positions.size(); ++a) {
      moved.atoms[size_t(base.residues[kLoopFirst].first_atom) + a].position = found[0].positions[a];
    }
    EXPECT_LT(loop_distance(moved, truth), 0.5 * before) << noise;
    // Where single residues gain next to nothing, those of the wrong hand are dear; with little noise they are not.
    if (noise > 1) {
      EXPECT_EQ(LoopChain(moved, kLoopFirst, kLoopLast).left_handed_price(), 0);
    }
  }
  // Where it already is, nothing better is found.
  const ImageModel model = image_model(truth, 0.02);
  EXPECT_TRUE(search_loops(model, {particles(truth, model, 400, true)}, truth, {{kLoopFirst, kLoopLast}}, config, 1).empty());
}

TEST(SearchLoops, LeavesALoopThatIsNowhere) {
  const Structure raw = helix_with_loop(1);
  const Structure base = centred(raw, raw.centroid());
  Structure without;
  for (int r = 0; r < base.residue_count(); ++r) {
    if (r >= kLoopFirst && r <= kLoopLast) continue;
    const Residue& residue = base.residues[r];
    testing::add_residue(without, residue.chain, residue.number, residue.name, residue.bonded_to_previous);
    for (int a = residue.first_atom; a < residue.first_atom + residue.atom_count; ++a) {
      testing::add_atom(without, base.atoms[size_t(a)].name, base.atoms[size_t(a)].atomic_number, base.atoms[size_t(a)].position);
    }
  }
  const std::vector<ParticleBatch> batches = {particles(without, image_model(without, 0.02), 400, true)};
  LoopSearchConfig config;
  config.tries = 3;
  config.moves = 20000;
  EXPECT_TRUE(search_loops(image_model(base, 0.02), batches, base, {{kLoopFirst, kLoopLast}}, config, 1).empty());
}

}  // namespace
}  // namespace cryomer
