#include "cryomer/simulation/gaussian_images.h"

#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "cryomer/base/log.h"
#include "cryomer/base/units.h"
#include "cryomer/data/particle_loader.h"
#include "cryomer/imaging/image_model.h"
#include "cryomer/protein/atom_blobs.h"
#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

struct System {
  Structure structure = testing::polyalanine(12);
  Ensemble ensemble;

  System() {
    Random random(3);
    ensemble = testing::perturbed(structure.coordinates(), 5, 0.5, random);
  }
};

GaussianImages settings(int64_t particles) {
  GaussianImages s;
  s.particles = particles;
  s.box = 32;
  s.pixel_size = 1.6;
  s.defocus_least = 5000;
  s.defocus_most = 15000;
  s.snr = 0.2;
  s.seed = 7;
  return s;
}

struct Result {
  std::string folder;
  SimulationSummary summary;
};
Result simulate(const System& system, const GaussianImages& s, const std::vector<double>& weights = {}) {
  HeldTrajectory states("states", system.ensemble);
  Result result{testing::scratch_folder(), {}};
  set_log_level(LogLevel::error);
  result.summary = simulate_gaussian_images(system.structure, states, weights, s, result.folder);
  set_log_level(LogLevel::info);
  return result;
}

ParticleStack open(const Result& result, const char* star) {
  ParticleStackOptions options;
  options.data_dir = result.folder;
  return ParticleStack::open(result.folder + "/" + star, options);
}

// The clean images of the truth, in a box so large that nothing wraps around, cut to `box`: rendered by the image model alone.
Tensor clean_images(const System& system, const ParticleBatch& truth, const std::vector<int64_t>& state, int box) {
  const Structure& s = system.structure;
  std::vector<float> base = s.coordinates();
  Vec3 centre;
  for (const Atom& atom : s.atoms) centre += (1.0 / s.atom_count()) * atom.position;
  for (size_t k = 0; k < base.size(); ++k) base[k] -= float(centre[int(k % 3)]);
  std::vector<float> positions;
  const std::vector<int> ca = atoms_of(s, AtomSet::ca);
  auto chosen = [&](const float* x) {
    std::vector<float> c;
    for (const int a : ca) c.insert(c.end(), x + 3 * a, x + 3 * a + 3);
    return c;
  };
  for (const int64_t i : state) {
    const float* x = system.ensemble.conformation(i);
    const RigidTransform move = superpose(chosen(x).data(), chosen(base.data()).data(), ca.size()).transform;
    for (int a = 0; a < s.atom_count(); ++a) {
      const Vec3 moved = move.apply({x[3 * a], x[3 * a + 1], x[3 * a + 2]});
      for (int k = 0; k < 3; ++k) positions.push_back(float(moved[k]));
    }
  }
  const auto count = int64_t(state.size());
  const int large = 4 * box;
  const ImageModel model(unit_blobs(s, 1.0), large, 1.0);
  ParticleBatch wide = truth;
  wide.images = at::zeros({count, large, large});
  const int64_t first = large / 2 - box / 2;
  return model.predict(tensor_from(positions, {count, s.atom_count(), 3}), wide, at::ones({count}))
      .slice(1, first, first + box).slice(2, first, first + box).contiguous();
}

std::vector<int64_t> states_of(const ParticleStack& truth) {
  const StarTable& table = truth.particle_table();
  std::vector<int64_t> states;
  for (int64_t row = 0; row < table.row_count(); ++row) states.push_back(std::stoll(table.cell(row, table.column("cryomerStateIndex"))));
  return states;
}

// Everything at once: truth.star tells pose, state and CTF of each image, no signal wraps around the box, the noise is white with
// unit variance, and signal and noise are in the ratio that was asked for.
TEST(GaussianImages, AreTheImagesOfTheirTruthPlusUnitNoise) {
  const System system;
  const Result result = simulate(system, settings(200));
  const ParticleStack stack = open(result, "truth.star");
  ASSERT_EQ(stack.size(), 200);
  const ParticleBatch batch = ParticleLoader(stack).load(all_particles(stack));
  const Tensor clean = clean_images(system, batch, states_of(stack), 32) / result.summary.noise_deviation;
  const Tensor noise = (batch.images - clean).to(at::kDouble);
  EXPECT_NEAR(noise.mean().item<double>(), 0, 4 / std::sqrt(200.0 * 1024));
  EXPECT_NEAR(noise.square().mean().item<double>(), 1, 4 * std::sqrt(2 / (200.0 * 1024)));
  // Neighbouring pixels are independent.
  EXPECT_NEAR((noise.slice(2, 1) * noise.slice(2, 0, 31)).mean().item<double>(), 0, 4 / std::sqrt(200.0 * 992));
  // Neither is anything of the signal left in it.
  EXPECT_NEAR((noise * clean).sum().item<double>() / clean.square().sum().item<double>(), 0, 4 / std::sqrt(clean.square().sum().item<double>()));
  const Tensor centred = clean - clean.mean({1, 2}, true);
  EXPECT_NEAR(centred.square().mean().item<double>(), 0.2, 0.002);
}

TEST(GaussianImages, LoseWhatTheCtfCarriesOutOfTheBox) {
  // At a large defocus a box that is just large enough for the particle loses fringes; they must not come in on the other side.
  const System system;
  GaussianImages s = settings(40);
  s.box = 24;
  s.snr = 1e6;
  s.defocus_least = s.defocus_most = 9000;
  s.shift_sigma = 0;
  const Result result = simulate(system, s);
  const ParticleStack stack = open(result, "truth.star");
  const ParticleBatch batch = ParticleLoader(stack).load(all_particles(stack));
  const Tensor clean = clean_images(system, batch, states_of(stack), 24) / result.summary.noise_deviation;
  const double error = std::sqrt(((batch.images - clean).square().sum() / clean.square().sum()).item<double>());
  EXPECT_LT(error, 0.05);
}

TEST(GaussianImages, ReportTheirSignalToNoiseRatio) {
  const Result result = simulate(System(), settings(100));
  const SimulationSummary& s = result.summary;
  EXPECT_NEAR(std::pow(s.signal_deviation / s.noise_deviation, 2), 0.2, 1e-9);
  EXPECT_GT(s.snr_disc, s.snr);  // the particle is in the disc
  const auto json = nlohmann::json::parse(read_file(result.folder + "/simulation.json"));
  EXPECT_NEAR(json["snr_box"].get<double>(), 0.2, 1e-9);
  EXPECT_NEAR(json["snr_disc"].get<double>(), s.snr_disc, 1e-9);
  EXPECT_EQ(json["settings"]["seed"].get<int>(), 7);
  EXPECT_EQ(json["states"].get<int>(), 5);
}

TEST(GaussianImages, KeepPosesOutOfTheParticlesFile) {
  const Result result = simulate(System(), settings(30));
  const ParticleStack particles = open(result, "particles.star"), truth = open(result, "truth.star");
  EXPECT_FALSE(particles.has_poses());
  EXPECT_TRUE(truth.has_poses());
  for (const std::string& column : particles.particle_table().columns) {
    EXPECT_EQ(column.find("Angle") != std::string::npos && column != "rlnDefocusAngle", false) << column;
    EXPECT_EQ(column.find("Origin"), std::string::npos) << column;
    EXPECT_EQ(column.find("State"), std::string::npos) << column;
  }
  // Row by row the same images and optics.
  ASSERT_EQ(particles.size(), truth.size());
  std::vector<float> a(1024), b(1024);
  for (int64_t i = 0; i < particles.size(); ++i) {
    EXPECT_EQ(particles.ctf(i).defocus_u, truth.ctf(i).defocus_u);
    particles.read_image(i, a.data());
    truth.read_image(i, b.data());
    EXPECT_EQ(a, b);
  }
  EXPECT_EQ(particles.optics(0).pixel_size, 1.6);
  EXPECT_EQ(particles.optics(0).spherical_aberration, 2.1);
}

TEST(GaussianImages, HaveDefocusAndShiftsAsAskedFor) {
  GaussianImages s = settings(1000);
  s.box = 16;
  s.pixel_size = 3;
  s.shift_sigma = 2;
  const Result result = simulate(System(), s);
  const ParticleStack truth = open(result, "truth.star");
  double mean = 0, least = 1e9, most = 0, shift = 0, axis = 0;
  for (int64_t i = 0; i < 1000; ++i) {
    const double d = truth.ctf(i).defocus_u;
    EXPECT_EQ(d, truth.ctf(i).defocus_v);
    mean += d / 1000, least = std::min(least, d), most = std::max(most, d);
    shift += (std::pow(truth.pose(i).shift_x, 2) + std::pow(truth.pose(i).shift_y, 2)) / 2000;
    axis += truth.pose(i).rotation(2, 2) / 1000;  // cosine of the tilt
  }
  EXPECT_GE(least, 5000);
  EXPECT_LE(most, 15000);
  EXPECT_NEAR(mean, 10000, 4 * 10000 / std::sqrt(12.0) / std::sqrt(1000.0));
  EXPECT_NEAR(std::sqrt(shift), 2, 0.15);
  EXPECT_NEAR(axis, 0, 4 / std::sqrt(3.0) / std::sqrt(1000.0));
}

TEST(GaussianImages, ShowStatesInProportionToTheirWeights) {
  auto counts = [&](const std::vector<double>& weights) {
    std::map<int64_t, int> count;
    for (const int64_t state : states_of(open(simulate(System(), settings(200), weights), "truth.star"))) ++count[state];
    return count;
  };
  for (const auto& [state, count] : counts({})) EXPECT_NEAR(count, 40, 1) << state;
  const auto weighted = counts({0, 1, 2, 3, 4});
  EXPECT_EQ(weighted.count(0), 0u);
  for (const int state : {1, 2, 3, 4}) EXPECT_NEAR(weighted.at(state), 20 * state, 1);
}

TEST(GaussianImages, AreTheSameOnAnyNumberOfThreads) {
  auto bytes = [](int threads, int64_t seed) {
    set_thread_count(threads);
    GaussianImages s = settings(300);
    s.seed = seed;
    const Result result = simulate(System(), s);
    set_thread_count(0);
    return read_file(result.folder + "/particles.mrcs") + read_file(result.folder + "/truth.star");
  };
  const std::string one = bytes(1, 7);
  EXPECT_TRUE(one == bytes(3, 7));
  EXPECT_FALSE(one == bytes(1, 8));
}

TEST(GaussianImages, RefuseSettingsWithoutSense) {
  const System system;
  auto message = [&](const std::function<void(GaussianImages&)>& change) {
    GaussianImages s = settings(10);
    change(s);
    return testing::error_of([&] { simulate(system, s); });
  };
  struct Case {
    const char* part;
    std::function<void(GaussianImages&)> change;
  };
  const std::vector<Case> cases = {
      {"--box 31", [](GaussianImages& s) { s.box = 31; }},
      {"--snr 0", [](GaussianImages& s) { s.snr = 0; }},
      {"--snr nan", [](GaussianImages& s) { s.snr = NAN; }},
      {"--particles 0", [](GaussianImages& s) { s.particles = 0; }},
      {"--defocus 9:1", [](GaussianImages& s) { s.defocus_least = 9, s.defocus_most = 1; }},
      {"--shift-sigma", [](GaussianImages& s) { s.shift_sigma = 100; }},
      {"--voltage 300000", [](GaussianImages& s) { s.voltage = 300000; }},
  };
  for (const Case& c : cases) {
    const std::string text = message(c.change);
    EXPECT_NE(text.find(c.part), std::string::npos) << text;
  }
  EXPECT_NE(testing::error_of([&] { simulate(system, settings(10), {1, 2}); }).find("2 weights for 5 states"), std::string::npos);
  EXPECT_NE(testing::error_of([&] { simulate(system, settings(10), {1, 2, 3, 4, -1}); }).find("a weight is -1"), std::string::npos);
}

}  // namespace
}  // namespace cryomer
