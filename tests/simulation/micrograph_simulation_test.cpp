#include "cryomer/simulation/micrograph_simulation.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/log.h"
#include "cryomer/base/stop.h"
#include "cryomer/data/particle_stack.h"
#include "cryomer/io/csv.h"
#include "cryomer/io/mrc.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/optics/ctf.h"
#include "cryomer/simulation/extraction.h"
#include "cryomer/tensor/tensor.h"
#include "simulation/microscope_testing.h"
#include "testing.h"

namespace cryomer {
namespace {

namespace fs = std::filesystem;
using testing::HeldStates;

// A protein of some size without symmetry, and a few states of it.
Structure molecule() {
  Structure s = testing::globule(150);
  testing::add_residue(s, "A", 2, "LIG", false, ResidueKind::other);
  for (int i = 0; i < 12; ++i) testing::add_atom(s, "C", 6, {11.0 + 0.5 * i, 5.0 + 0.8 * i * (i % 2), -6.0 + 0.4 * i});
  return s;
}

std::vector<std::vector<float>> states_of(const Structure& s, int count) {
  Random random(8);
  std::vector<std::vector<float>> states;
  for (int n = 0; n < count; ++n) {
    std::vector<float> x = s.coordinates();
    if (n > 0) {
      for (float& v : x) v += float(0.3 * random.normal());
    }
    states.push_back(x);
  }
  return states;
}

SimulationConfig small(int64_t particles) {
  SimulationConfig c = simulation_preset("seed-physical");
  c.layout.particles = particles;
  c.layout.per_micrograph = 5;
  c.layout.micrograph = 192;
  c.extraction.box = 48;
  c.seed = 3;
  return c;
}

struct Result {
  std::string folder = testing::scratch_folder();
  MicrographSimulationSummary summary;
};
Result simulate(const SimulationConfig& c, int states = 3, const Structure& s = molecule()) {
  Result result;
  HeldStates held(states_of(s, states));
  set_log_level(LogLevel::error);
  result.summary = simulate_micrographs(s, held, {}, c, result.folder, false);
  set_log_level(LogLevel::info);
  return result;
}

ParticleStack open(const Result& result, const char* star) {
  ParticleStackOptions options;
  options.data_dir = result.folder;
  return ParticleStack::open(result.folder + "/" + star, options);
}

int64_t state_of(const ParticleStack& stack, int64_t row) {
  return stack.particle_table().integer(row, stack.particle_table().column("cryomerStateIndex"));
}

// V11: what the STAR file says, rendered anew each alone in the middle of its own field, is what lies in the stack. At a dose so
// large that no noise is left, particles far apart, without what the micrograph's edge or its neighbours add.
void expect_images_of_their_truth(const char* depth, double tolerance) {
  SimulationConfig c = small(12);
  c.layout.states = "different";
  c.layout.micrograph = 256;
  c.layout.per_micrograph = 1;
  c.ice.depth = depth;
  c.lens.astigmatism = 400;
  c.lens.phase_shift = 30;
  c.exposure.dose = 1e6;
  c.extraction.normalisation = "raw";
  c.detector = {"counting", 1, "ideal", 1e-6, 0, 0};
  c.output.micrographs = "all";
  const Structure s = molecule();
  const Result result = simulate(c, 3, s);
  const ParticleStack truth = open(result, "truth.star");
  ASSERT_EQ(truth.size(), 12);
  const auto states = states_of(s, 3);
  std::vector<float> aligned = states[0];
  const Vec3 centre = s.centroid();
  const Microscope microscope(c, s);
  double error = 0, signal = 0, pixels = 0;
  for (int64_t row = 0; row < truth.size(); ++row) {
    const int64_t state = state_of(truth, row);
    if (state != 0) continue;  // the base itself needs no superposition
    for (size_t i = 0; i < aligned.size(); ++i) aligned[i] = states[0][i] - float(centre[int(i % 3)]);
    MicrographRenderer renderer(
        microscope, [&](int64_t) { return std::make_shared<const Specimen>(microscope.potential.specimen(aligned.data())); });
    MicrographPlan plan;
    plan.defocus_u = truth.ctf(row).defocus_u;
    plan.defocus_v = truth.ctf(row).defocus_v;
    plan.astigmatism_angle = truth.ctf(row).astigmatism_angle;
    PlannedParticle p;
    p.rotation = truth.pose(row).rotation;
    p.x = 128 + truth.pose(row).shift_x / 1.2;
    p.y = 128 + truth.pose(row).shift_y / 1.2;
    plan.particles = {p};
    const std::vector<float> whole = testing::relative_intensity(renderer, plan, c);
    // The clean micrograph at the place that the STAR names.
    const StarTable& table = truth.particle_table();
    const std::string name = table.cell(row, table.column("rlnMicrographName"));
    const auto clean = MrcFile(result.folder + "/" + name.substr(0, name.size() - 4) + "_clean.mrc").read_all();
    const int64_t left = int64_t(table.number(row, table.column("rlnCoordinateX"))) - 24,
                  top = int64_t(table.number(row, table.column("rlnCoordinateY"))) - 24;
    const double scale = 1e6 * 1.44 * std::exp(-300.0 / 3950) * 1e-6;
    for (int j = 0; j < 48; ++j) {
      for (int i = 0; i < 48; ++i) {
        const double expected = whole[size_t(128 - 24 + j) * 256 + (128 - 24 + i)] / std::exp(-300.0 / 3950) - 1,
                     written = clean[size_t(top + j) * 256 + left + i] / scale - 1;
        error += std::pow(written - expected, 2), signal += expected * expected, pixels += 1;
      }
    }
    std::vector<float> image(48 * 48);
    truth.read_image(row, image.data());
    EXPECT_NEAR(image[100] / scale, clean[size_t(top + 2) * 256 + left + 4] / scale, 0.005) << "the stack holds the same place";
  }
  ASSERT_GT(signal, 0);
  // The noise at the seed's dose has a standard deviation of 0.029 of the background.
  EXPECT_LT(std::sqrt(error / pixels), tolerance * 0.029);
  EXPECT_GT(std::sqrt(signal / pixels), 0.003);
  EXPECT_EQ(truth.optics(0).spherical_aberration, 2.1);
}

TEST(MicrographSimulation, WritesThePosesAndDefocusOfItsImages) {
  expect_images_of_their_truth("centre", 1e-4);
  // Depth comes back as defocus; the patch that is rendered has another size, and cuts the fringes elsewhere.
  expect_images_of_their_truth("uniform", 1e-3);
}

TEST(MicrographSimulation, KeepsTheTruthOutOfTheParticlesFile) {
  const Result result = simulate(small(15));
  const ParticleStack particles = open(result, "particles.star"), truth = open(result, "truth.star");
  EXPECT_FALSE(particles.has_poses());
  EXPECT_TRUE(truth.has_poses());
  ASSERT_EQ(particles.size(), 15);
  for (const std::string& column : particles.particle_table().columns) {
    EXPECT_TRUE(column.find("cryomer") == std::string::npos && column.find("Origin") == std::string::npos &&
                column.find("AngleRot") == std::string::npos)
        << column;
  }
  std::vector<float> a(48 * 48), b(a);
  for (int64_t i = 0; i < 15; ++i) {
    EXPECT_EQ(particles.ctf(i).defocus_u, truth.ctf(i).defocus_u);
    particles.read_image(i, a.data());
    truth.read_image(i, b.data());
    EXPECT_EQ(a, b);
  }
  const auto json = nlohmann::json::parse(read_file(result.folder + "/simulation.json"));
  EXPECT_EQ(json["micrographs"].get<int>(), 3);
  EXPECT_NEAR(json["snr_box"].get<double>(), result.summary.snr_box, 1e-9);
  EXPECT_EQ(json["settings"]["lens"]["defocus_least"].get<double>(), 5000);
  EXPECT_NEAR(json["ctf_zeros_A"][0].get<double>(), 10, 0.15);
  EXPECT_FALSE(fs::exists(result.folder + "/particles.mrcs.journal"));
}

// Protein is bright and the background has mean 0 and variance 1, as training expects; the signal has the size that the dose gives
// it.
TEST(MicrographSimulation, NormalisesByTheBackground) {
  SimulationConfig c = small(60);
  const Result bright = simulate(c);
  const ParticleStack stack = open(bright, "truth.star");
  std::vector<float> image(48 * 48);
  double middle = 0, edge = 0, squares = 0, pixels = 0;
  for (int64_t i = 0; i < stack.size(); ++i) {
    stack.read_image(i, image.data());
    for (int y = 0; y < 48; ++y) {
      for (int x = 0; x < 48; ++x) {
        const double r = std::hypot(x - 24, y - 24);
        if (r < 8) middle += image[size_t(y) * 48 + x];
        if (r > 22) edge += image[size_t(y) * 48 + x], squares += std::pow(image[size_t(y) * 48 + x], 2), pixels += 1;
      }
    }
  }
  EXPECT_GT(middle, 0);
  EXPECT_NEAR(edge / pixels, 0, 0.03);
  EXPECT_NEAR(squares / pixels, 1, 0.03);
  // The spectrum beside the images says the same: white for a counting camera.
  const std::vector<double> detector = read_csv(bright.folder + "/noise.csv").numbers("detector");
  ASSERT_EQ(detector.size(), 24u);
  for (const double power : detector) EXPECT_NEAR(power, 1, 0.03);
  c.extraction.normalisation = "relion";
  const Result boxes = simulate(c);
  const ParticleStack normalised = open(boxes, "truth.star");
  normalised.read_image(0, image.data());
  double sum = 0, count = 0;
  for (int y = 0; y < 48; ++y) {
    for (int x = 0; x < 48; ++x) {
      if (std::hypot(x - 24, y - 24) > 23) sum += image[size_t(y) * 48 + x], count += 1;
    }
  }
  EXPECT_NEAR(sum / count, 0, 1e-4);
}

TEST(MicrographSimulation, DownsamplesOverTheSameField) {
  SimulationConfig c = small(10);
  c.exposure.dose = 1e6;
  const Result full = simulate(c);
  c.extraction.downsample = 32;
  const Result half = simulate(c);
  const ParticleStack a = open(full, "truth.star"), b = open(half, "truth.star");
  EXPECT_EQ(b.box(), 32);
  EXPECT_NEAR(b.optics(0).pixel_size, 1.8, 1e-6);
  std::vector<float> large(48 * 48), shrunk(32 * 32);
  a.read_image(4, large.data());
  b.read_image(4, shrunk.data());
  EXPECT_LT(testing::relative_difference(downsampled(large, 48, 32), shrunk), 1e-4);
  EXPECT_EQ(a.pose(4).shift_x, b.pose(4).shift_x);
}

// V14: nothing but Poisson's noise is between the recorded and the expected image.
TEST(MicrographSimulation, LeavesWhiteNormalResiduals) {
  const Structure s = molecule();
  SimulationConfig c = simulation_preset("seed-physical");
  c.detector = {"counting", 0.85, "ideal", 1, 0, 0};
  const Microscope microscope(c, s);
  MicrographRenderer renderer(
      microscope, [&](int64_t) { return std::make_shared<const Specimen>(microscope.potential.specimen(s.coordinates().data())); });
  const DataSetPlan plan(c, 1, {}, 30);
  double product = 0, pairs = 0, chi = 0, pixels = 0;
  std::vector<double> sample;
  for (int64_t m = 0; m < 12; ++m) {
    const Micrograph micrograph = renderer.render(plan.micrograph(m));
    std::vector<float> residual(micrograph.noisy);
    for (size_t i = 0; i < residual.size(); ++i) residual[i] = (residual[i] - micrograph.clean[i]) / std::sqrt(micrograph.clean[i]);
    for (int y = 0; y < 512; ++y) {
      for (int x = 0; x < 511; ++x)
        product += double(residual[size_t(y) * 512 + x]) * residual[size_t(y) * 512 + x + 1], pairs += 1;
    }
    Random random(static_cast<uint64_t>(m));
    for (const float r : residual) {
      chi += double(r) * r, pixels += 1;
      // Counts are whole: spread them evenly over their steps before comparing with a density.
      if (sample.size() < 40000) sample.push_back(r + (random.uniform() - 0.5) / std::sqrt(0.85 * 1440 * 0.93));
    }
  }
  EXPECT_LT(testing::kolmogorov(sample, [](double v) { return 0.5 * std::erfc(-v / std::sqrt(2.0)); }), 1.95);
  EXPECT_LT(std::abs(product / pairs), 1e-3 + 1.0 / std::sqrt(pairs));
  EXPECT_NEAR(chi / pixels, 1, 3 * std::sqrt(2 / pixels));
}

// V14.
TEST(MicrographSimulation, IsTheSameOnAnyNumberOfThreads) {
  auto bytes = [](int threads, int64_t seed) {
    set_thread_count(threads);
    SimulationConfig c = small(43);
    c.layout.states = "different";
    c.ice.structure_noise = true;
    c.exposure.drift = 0.4;
    c.exposure.damage = true;
    c.lens.defocus_most = 9000;
    c.seed = seed;
    const Result result = simulate(c);
    set_thread_count(0);
    return read_file(result.folder + "/particles.mrcs") + read_file(result.folder + "/truth.star") +
           read_file(result.folder + "/simulation.json");
  };
  const std::string one = bytes(1, 7);
  EXPECT_TRUE(one == bytes(3, 7));
  EXPECT_FALSE(one == bytes(1, 8));
}

TEST(MicrographSimulation, GoesOnWhereItWasInterrupted) {
  const Structure s = molecule();
  const SimulationConfig c = small(60);  // 12 micrographs
  const Result whole = simulate(c);
  // States that ask for a stop when they are read for the seventh time.
  class Stopping final : public TrajectoryReader {
   public:
    Stopping(std::vector<std::vector<float>> states, int reads) : held_(std::move(states)), reads_(reads) {}
    int64_t size() const override { return held_.size(); }
    void read(int64_t index, float* coordinates) override {
      held_.read(index, coordinates);
      if (--reads_ == 0) std::raise(SIGTERM);
    }

   private:
    HeldStates held_;
    int reads_;
  };
  catch_stop_signals();
  set_thread_count(1);
  set_log_level(LogLevel::error);
  const std::string folder = testing::scratch_folder();
  Stopping stopping(states_of(s, 3), 7);
  const std::string text = testing::error_of([&] { simulate_micrographs(s, stopping, {}, c, folder, false); });
  EXPECT_NE(text.find("--resume"), std::string::npos) << text;
  forget_stop_request();
  EXPECT_TRUE(fs::exists(folder + "/particles.mrcs.journal"));
  EXPECT_FALSE(fs::exists(folder + "/particles.mrcs"));
  // A last line that was cut off does not count.
  std::ofstream(folder + "/particles.mrcs.journal", std::ios::app) << "11 5 1.2";
  HeldStates held(states_of(s, 3));
  SimulationConfig other = c;
  other.exposure.dose = 900;
  EXPECT_NE(testing::error_of([&] { simulate_micrographs(s, held, {}, other, folder, true); }).find("other settings"),
            std::string::npos);
  simulate_micrographs(s, held, {}, c, folder, true);
  set_thread_count(0);
  set_log_level(LogLevel::info);
  for (const char* file : {"/particles.mrcs", "/truth.star", "/particles.star", "/simulation.json", "/noise.csv"}) {
    EXPECT_TRUE(read_file(folder + file) == read_file(whole.folder + file)) << file;
  }
  HeldStates again(states_of(s, 3));
  EXPECT_NE(testing::error_of([&] { simulate_micrographs(s, again, {}, c, folder, true); }).find("no unfinished"),
            std::string::npos);
}

TEST(MicrographSimulation, SolvesForTheDose) {
  for (const char* preset : {"seed-physical", "krios-realistic"}) {
    SimulationConfig c = simulation_preset(preset);
    c.layout.particles = 40;
    c.layout.per_micrograph = 10;
    c.layout.micrograph = 320;
    c.layout.min_distance = 0;
    c.extraction.box = 64;
    c.exposure.snr = 0.4 * simulate(c).summary.snr_box;
    const MicrographSimulationSummary solved = simulate(c).summary;
    EXPECT_NEAR(solved.snr_box / c.exposure.snr, 1, 0.04) << preset;
    EXPECT_LT(solved.config.exposure.dose, 0.8 * c.exposure.dose);
  }
}

// V9: signal to noise grows as the dose.
TEST(MicrographSimulation, HasASignalToNoiseRatioThatGrowsWithTheDose) {
  SimulationConfig c = small(40);
  c.exposure.dose = 500;
  const double low = simulate(c).summary.snr_box;
  c.exposure.dose = 2000;
  EXPECT_NEAR(simulate(c).summary.snr_box / low, 4, 0.12);
}

TEST(MicrographSimulation, FadesAndDriftsWithItsFrames) {
  SimulationConfig c = small(25);
  const double still = simulate(c).summary.contrast_deviation;
  c.exposure.drift = 1.5;
  const double drifting = simulate(c).summary.contrast_deviation;
  EXPECT_LT(drifting, 0.95 * still);
  c.exposure.drift = 0;
  c.exposure.damage = true;
  EXPECT_LT(simulate(c).summary.contrast_deviation, 0.3 * still) << "1000 e/A^2 leave little";
}

// Waters one by one make the same image of a molecule as the continuum, plus their own granularity.
TEST(MicrographSimulation, SeesTheSameMoleculeInExplicitWater) {
  const Structure s = testing::globule(500);
  SimulationConfig c = simulation_preset("seed-physical");
  c.specimen.absorption = "none";
  c.layout.micrograph = 128;
  c.extraction.box = 64;
  c.ice.thickness = 60;
  c.ice.depth = "centre";
  c.exposure.dose = 1e6;
  c.detector = {"counting", 1, "ideal", 1, 0, 0};
  auto mean_image = [&](const char* solvent) {
    std::vector<double> mean(128 * 128, 0);
    for (int64_t seed = 1; seed <= 12; ++seed) {
      c.solvent.model = solvent;
      c.seed = seed;
      const Microscope microscope(c, s);
      MicrographRenderer renderer(microscope, [&](int64_t) {
        return std::make_shared<const Specimen>(microscope.potential.specimen(s.coordinates().data()));
      });
      MicrographPlan plan;
      plan.defocus_u = plan.defocus_v = 15000;
      PlannedParticle p;
      p.x = p.y = 64;
      plan.particles = {p};
      const Micrograph micrograph = renderer.render(plan);
      for (size_t i = 0; i < mean.size(); ++i) mean[i] += micrograph.noisy[i] / (12 * 1.44e6) / std::exp(-60.0 / 3950) - 1;
    }
    return mean;
  };
  const std::vector<double> waters = mean_image("explicit"), continuum = mean_image("continuum"), vacuum = mean_image("none");
  auto correlation = [&](const std::vector<double>& a, const std::vector<double>& b) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < a.size(); ++i) ab += a[i] * b[i], aa += a[i] * a[i], bb += b[i] * b[i];
    return ab / std::sqrt(aa * bb);
  };
  auto slope = [&](const std::vector<double>& a, const std::vector<double>& b) {
    double ab = 0, bb = 0;
    for (size_t i = 0; i < a.size(); ++i) ab += a[i] * b[i], bb += b[i] * b[i];
    return ab / bb;
  };
  EXPECT_NEAR(slope(waters, continuum), 1, 0.1);
  EXPECT_GT(correlation(waters, continuum), correlation(waters, vacuum));
}

// V12: a map from the images and the true poses alone. Direct Fourier inversion with nearest neighbours, weighted by the CTF.
TEST(MicrographSimulation, CanBeReconstructedWithTheRightHand) {
  const Structure s = molecule();
  SimulationConfig c = small(1000);
  c.layout.per_micrograph = 10;
  c.layout.micrograph = 288;
  c.specimen.b_factor = 30;
  c.lens.defocus_most = 9000;
  c.exposure.dose = 3000;
  const Result result = simulate(c, 1, s);
  const ParticleStack stack = open(result, "truth.star");
  const int n = 48, half = n / 2 + 1;
  std::vector<std::complex<double>> sum(size_t(n) * n * half);
  std::vector<double> weight(sum.size(), 0);
  std::vector<float> image(size_t(n) * n);
  auto wrap = [&](int v) { return (v % n + n) % n; };
  for (int64_t p = 0; p < stack.size(); ++p) {
    stack.read_image(p, image.data());
    const auto spectrum = testing::spectrum_of(image, n);
    const Pose& pose = stack.pose(p);
    for_each_frequency(n, 1.2, [&](size_t i, double kx, double ky) {
      const double k = std::hypot(kx, ky);
      if (k > 1 / 3.5) return;
      const double ctf = ctf_value(stack.optics(p), stack.ctf(p), kx, ky);
      // To the middle, and back by the shift.
      const double phase = 2 * kPi * (kx * (n / 2 * 1.2 + pose.shift_x) + ky * (n / 2 * 1.2 + pose.shift_y));
      const auto value = std::complex<double>(spectrum[i]) * std::polar(ctf, phase);
      const Vec3 g = (n * 1.2) * (transposed(pose.rotation) * Vec3{kx, ky, 0});
      int x = int(std::lround(g.x)), y = int(std::lround(g.y)), z = int(std::lround(g.z));
      const bool mirrored = x < 0;
      if (mirrored) x = -x, y = -y, z = -z;
      const size_t place = (size_t(wrap(z)) * n + size_t(wrap(y))) * half + size_t(x);
      sum[place] += mirrored ? std::conj(value) : value;
      weight[place] += ctf * ctf;
    });
  }
  // Against the structure factors of the molecule, and of its mirror image.
  const Vec3 centre = s.centroid();
  auto fsc = [&](double hand, double from, double to) {
    double ab = 0, aa = 0, bb = 0;
    for (int z = -n / 2; z < n / 2; ++z) {
      for (int y = -n / 2; y < n / 2; ++y) {
        for (int x = 0; x < half; ++x) {
          const Vec3 k = (1 / (n * 1.2)) * Vec3{double(x), double(y), double(z)};
          if (norm(k) < from || norm(k) >= to) continue;
          const size_t place = (size_t(wrap(z)) * n + size_t(wrap(y))) * half + size_t(x);
          if (weight[place] == 0) continue;
          std::complex<double> f = 0;
          for (const Atom& a : s.atoms) {
            const Vec3 r = a.position - centre;
            f += double(a.atomic_number) * std::polar(1.0, -2 * kPi * dot(k, {r.x, r.y, hand * r.z}));
          }
          const auto value = sum[place] / (weight[place] + 1);
          ab += (value * std::conj(f)).real(), aa += std::norm(value), bb += std::norm(f);
        }
      }
    }
    return ab / std::sqrt(aa * bb);
  };
  EXPECT_GT(fsc(1, 1 / 12.0, 1 / 8.0), 0.8);
  EXPECT_GT(fsc(1, 1 / 8.0, 1 / 5.0), 0.5);
  EXPECT_LT(fsc(-1, 1 / 12.0, 1 / 8.0), 0.4);
  EXPECT_LT(fsc(-1, 1 / 8.0, 1 / 5.0), 0.2);
}

// V15: TEM-simulator with the seed's parameters and 30.6 kDa of Aurora A, 21 poses: standard deviation of the contrast and SNR in
// the box.
TEST(MicrographSimulation, OfTheSeedHasTheContrastOfTemSimulator) {
  CRYOMER_NEEDS_SHARED_DATA("aurka/apo_ensemble.dcd");
  set_log_level(LogLevel::error);
  const Structure s = read_structure(testing::shared_data("aurka/base.pdb"));
  struct Row {
    double voxel;
    const char* mtf;
    double dqe, contrast, snr;
  };
  for (const Row& row : {Row{1, "ideal", 1, .0088, .10}, Row{0.5, "ideal", 1, .0175, .40}, Row{1, "tem-simulator", 0.4, 0, .144},
                         Row{0.5, "tem-simulator", 0.4, 0, .47}}) {
    SimulationConfig c = simulation_preset("seed");
    c.layout.particles = 84;
    c.solvent.voxel = row.voxel;
    c.detector.mtf = row.mtf;
    c.detector.dqe = row.dqe;
    const auto states = open_trajectory(testing::shared_data("aurka/apo_ensemble.dcd"), s);
    const MicrographSimulationSummary summary = simulate_micrographs(s, *states, {}, c, testing::scratch_folder(), false);
    if (row.contrast > 0) {
      EXPECT_NEAR(summary.contrast_deviation / row.contrast, 1, 0.25) << row.voxel;
    }
    EXPECT_NEAR(summary.snr_box / row.snr, 1, 0.25) << row.voxel << row.mtf;
    EXPECT_NEAR(summary.electrons, 1323, 15);
  }
  set_log_level(LogLevel::info);
}

// The page's estimates for this protein at 1000 e/A^2 with B = 30 and 100, vacuum, and what 40 e/A^2 leave.
TEST(MicrographSimulation, OfAuroraAHasTheSignalThatPhysicsGivesIt) {
  CRYOMER_NEEDS_SHARED_DATA("aurka/base.pdb");
  set_log_level(LogLevel::error);
  const Structure s = read_structure(testing::shared_data("aurka/base.pdb"));
  for (const auto& [b, expected] : {std::pair{30.0, 0.94}, std::pair{100.0, 0.46}}) {
    SimulationConfig c = simulation_preset("seed-physical");
    c.layout.particles = 42;
    c.specimen.b_factor = b;
    c.ice.scattering = "none";
    c.detector = {"counting", 1, "pixel", 1, 0, 0};  // the estimates are of means over pixels
    HeldStates states({s.coordinates()});
    EXPECT_NEAR(simulate_micrographs(s, states, {}, c, testing::scratch_folder(), false).snr_box / expected, 1, 0.2) << b;
  }
  set_log_level(LogLevel::info);
}

TEST(MicrographSimulation, RefusesWhatCannotBe) {
  const Structure s = molecule();
  auto message = [&](const std::function<void(SimulationConfig&)>& change, const std::vector<double>& weights = {}) {
    SimulationConfig c = small(10);
    change(c);
    HeldStates held(states_of(s, 3));
    const std::string folder = testing::scratch_folder();
    set_log_level(LogLevel::error);
    const std::string text = testing::error_of([&] { simulate_micrographs(s, held, weights, c, folder, false); });
    set_log_level(LogLevel::info);
    EXPECT_TRUE(fs::is_empty(folder)) << text;
    return text;
  };
  struct Case {
    const char* part;
    std::function<void(SimulationConfig&)> change;
  };
  const std::vector<Case> cases = {
      {"--box 50 would hold it", [](SimulationConfig& c) { c.extraction.box = 20; }},
      {"particles do not fit", [](SimulationConfig& c) { c.layout.per_micrograph = c.layout.particles = 200; }},
      {"exposure.dose (--dose) is 0:", [](SimulationConfig& c) { c.exposure.dose = 0; }},
      {"exposure.dose (--dose) is 1000000000:", [](SimulationConfig& c) { c.exposure.dose = 1e9; }},
      {"lens.voltage (--voltage) is 300000:", [](SimulationConfig& c) { c.lens.voltage = 300000; }},
      {"lens.spherical_aberration (--cs) is nan:", [](SimulationConfig& c) { c.lens.spherical_aberration = NAN; }},
      {"'continuum'", [](SimulationConfig& c) { c.solvent.model = "continum"; }},
      {"the disk has", [](SimulationConfig& c) { c.layout.particles = 100000000, c.output.micrographs = "all"; }},
      {"detector.mtf", [](SimulationConfig& c) { c.detector.mtf = "k9"; }},
      {"expected an even number", [](SimulationConfig& c) { c.layout.micrograph = 193; }},
  };
  for (const Case& c : cases) {
    const std::string text = message(c.change);
    EXPECT_NE(text.find(c.part), std::string::npos) << text;
  }
  EXPECT_NE(message([](SimulationConfig&) {}, {1, 2}).find("2 weights for 3 states"), std::string::npos);
}

TEST(SimulationPresets, AreKnownAndConsistent) {
  for (const std::string& name : simulation_presets()) {
    simulation_preset(name).check();
    EXPECT_FALSE(describe_preset(name).empty());
  }
  EXPECT_NE(testing::error_of([] { simulation_preset("sed"); }).find("'seed'"), std::string::npos);
}

}  // namespace
}  // namespace cryomer
