#include "cryomer/simulation/detector.h"

#include <map>

#include "cryomer/base/atomic_file.h"
#include "cryomer/simulation/electron_counts.h"
#include "simulation/microscope_testing.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::moments_of;

DetectorConfig camera(const std::string& kind, double dqe, const std::string& mtf) {
  return {kind, dqe, mtf, 1, 0, 0};
}

std::vector<float> flat(const DetectorConfig& config, int size, double electrons, uint64_t seed) {
  std::vector<float> values(size_t(size) * size, float(electrons));
  Random random(seed);
  Detector(config).record(values, size, random);
  return values;
}

// Below 1.95 with a probability of 0.999 when the counts are Poisson's.
TEST(Poisson, HasItsMeanVarianceAndHistogram) {
  for (const double mean : {0.02, 0.7, 4.0, 9.9, 10.1, 37.0, 1440.0}) {
    Random random(uint64_t(100 * mean));
    const int n = 40000;
    std::map<int, int> histogram;
    std::vector<double> values;
    for (int i = 0; i < n; ++i) {
      values.push_back(poisson(mean, random));
      ++histogram[int(values.back())];
    }
    const auto [m, v] = moments_of(values);
    EXPECT_NEAR(m, mean, 4 * std::sqrt(mean / n));
    EXPECT_NEAR(v, mean, 4 * std::sqrt((mean + 2 * mean * mean) / n));
    // Chi squared over counts that are expected at least ten times.
    double chi = 0, bins = 0;
    for (int k = int(std::max(0.0, mean - 6 * std::sqrt(mean) - 6)); k <= mean + 6 * std::sqrt(mean) + 6; ++k) {
      const double expected = n * std::exp(k * std::log(mean) - mean - std::lgamma(k + 1.0));
      if (expected < 10) continue;
      chi += std::pow(histogram[k] - expected, 2) / expected, bins += 1;
    }
    EXPECT_LT(chi, bins + 4 * std::sqrt(2 * bins) + 8) << mean;
  }
}

TEST(InverseGaussian, HasItsMeanAndVariance) {
  for (const auto& [mean, variance] : {std::pair{5.0, 7.5}, std::pair{1440.0, 2160.0}, std::pair{0.5, 0.1}}) {
    Random random(3);
    std::vector<double> values;
    for (int i = 0; i < 40000; ++i) values.push_back(inverse_gaussian(mean, variance, random));
    const auto [m, v] = moments_of(values);
    EXPECT_NEAR(m, mean, 5 * std::sqrt(variance / 40000));
    EXPECT_NEAR(v / variance, 1, 0.1);
  }
  Random random(1);
  EXPECT_EQ(inverse_gaussian(0, 0, random), 0);
}

// V9.
TEST(Detector, HasTheVarianceOfItsDose) {
  double x = 0, y = 0, xx = 0, xy = 0, n = 0;
  for (const double electrons : {1.0, 10.0, 100.0, 1000.0, 10000.0}) {
    for (const char* kind : {"counting", "integrating"}) {
      const double dqe = 0.4, kept = kind[0] == 'c' ? dqe : 1;
      const auto [mean, variance] = moments_of(flat(camera(kind, dqe, "ideal"), 256, electrons, uint64_t(electrons)));
      EXPECT_NEAR(mean / (kept * electrons), 1, 0.02) << kind << electrons;
      // Relative to the square of its mean, the noise is that of DQE times as many electrons.
      EXPECT_NEAR(variance / (mean * mean) * dqe * electrons, 1, 0.03) << kind << electrons;
      if (kind[0] == 'i')
        n += 1, x += std::log(electrons), y += std::log(variance), xx += std::pow(std::log(electrons), 2),
            xy += std::log(electrons) * std::log(variance);
    }
  }
  EXPECT_NEAR((n * xy - x * y) / (n * xx - x * x), 1, 0.01) << "slope of the variance over the dose, in logarithms";
}

std::vector<double> radial_noise_power(const DetectorConfig& config, int size, int frames, double electrons, double scale) {
  std::vector<double> sum(size_t(size) / 2, 0), count(sum);
  for (int f = 0; f < frames; ++f) {
    std::vector<float> values = flat(config, size, electrons, uint64_t(50 + f));
    const double mean = moments_of(values).mean;
    for (float& v : values) v -= float(mean);
    const auto spectrum = testing::spectrum_of(values, size);
    for_each_frequency(size, 1.0 / size, [&](size_t i, double u, double v) {
      const auto ring = size_t(std::lround(std::hypot(u, v)));
      if (ring >= 1 && ring < sum.size()) sum[ring] += std::norm(spectrum[i]) / (double(size) * size) / scale, count[ring] += 1;
    });
  }
  // Over eight rings, for fewer fluctuations.
  std::vector<double> power;
  for (size_t ring = 8; ring + 8 <= sum.size(); ring += 8) {
    double s = 0, c = 0;
    for (size_t k = ring; k < ring + 8; ++k) s += sum[k], c += count[k];
    power.push_back(s / c);
  }
  return power;
}

// V10: the noise of flat fields.
TEST(Detector, HasTheNoiseSpectrumOfItsKind) {
  for (const char* kind : {"counting", "integrating"}) {
    const DetectorConfig config = camera(kind, 0.5, "tem-simulator");
    const Detector detector(config);
    const std::vector<double> power = radial_noise_power(config, 256, 12, 400, 1);
    for (size_t i = 0; i < power.size(); ++i) {
      // Against the same average over rings.
      double expected = 0, weight = 0;
      for (size_t k = 8 * (i + 1); k < 8 * (i + 2); ++k)
        expected += double(k) * detector.noise_power(double(k) / 256, 400), weight += double(k);
      EXPECT_NEAR(power[i] / (expected / weight), 1, i == 0 ? 0.04 : 0.02) << kind << " ring " << i;
    }
    // With the MTF of the signal, this is the DQE that was asked for: DQE(0) MTF^2 / NNPS.
    const ModulationTransfer mtf("tem-simulator");
    for (const double q : {0.1, 0.3, 0.5}) {
      const double signal = std::pow(detector.before(q) * detector.after(q), 2) * std::pow(kind[0] == 'c' ? 0.5 : 1.0, 2) * 400;
      const double dqe = signal / detector.noise_power(q, 400);
      EXPECT_NEAR(dqe, 0.5 * (kind[0] == 'c' ? mtf(q) * mtf(q) : 1), 1e-9) << kind;
    }
  }
}

// V10: TEM-simulator's example colours the noise of neighbouring pixels.
TEST(Detector, CorrelatesNoiseAsTemSimulatorDoes) {
  const std::vector<float> values = flat(camera("integrating", 0.4, "tem-simulator"), 512, 1440, 9);
  const auto [mean, variance] = moments_of(values);
  double sum = 0;
  for (int y = 0; y < 512; ++y) {
    for (int x = 0; x < 511; ++x) sum += (values[y * 512 + x] - mean) * (values[y * 512 + x + 1] - mean);
  }
  EXPECT_NEAR(sum / (512 * 511) / variance, 0.354, 0.01);
  EXPECT_NEAR(variance, 1440 / 0.4 * 0.2344, 0.03 * variance);
}

// V10: the signal through the whole microscope, with and without the detector's MTF.
TEST(Detector, ModulatesTheSignalByItsMtf) {
  const Structure s = testing::globule(200);
  auto clean = [&](const std::string& kind, const std::string& mtf) {
    SimulationConfig c = testing::bare(10);
    c.detector = camera(kind, 0.8, mtf);
    c.layout.micrograph = 128;
    c.extraction.box = 64;
    const Microscope microscope(c, s);
    const auto specimen = std::make_shared<const Specimen>(microscope.potential.specimen(s.coordinates().data()));
    MicrographRenderer renderer(microscope, [&](int64_t) { return specimen; });
    MicrographPlan plan;
    plan.defocus_u = plan.defocus_v = 4000;
    PlannedParticle p;
    p.x = p.y = 64;
    plan.particles = {p};
    return testing::spectrum_of(renderer.render(plan).clean, 128);
  };
  for (const char* kind : {"counting", "integrating"}) {
    const auto with = clean(kind, "k2"), without = clean(kind, "ideal");
    const ModulationTransfer mtf("k2");
    double difference = 0, all = 0;
    for_each_frequency(128, 1.0, [&](size_t i, double qx, double qy) {
      if (i == 0) return;
      difference += std::norm(with[i] - float(mtf(std::hypot(qx, qy))) * without[i]), all += std::norm(with[i]);
    });
    EXPECT_LT(std::sqrt(difference / all), 0.002) << kind;
  }
}

TEST(Detector, AddsReadoutNoiseAndDarkCurrent) {
  DetectorConfig config = camera("integrating", 1, "ideal");
  config.gain = 3, config.readout = 7, config.dark = 20;
  const auto [mean, variance] = moments_of(flat(config, 256, 80, 2));
  EXPECT_NEAR(mean, 300, 1);
  EXPECT_NEAR(variance, 9 * 100 + 49, 15);
}

TEST(ModulationTransfer, IsTheMeasuredCurvesOfItsDetectors) {
  struct Row {
    const char* name;
    double at[4];  // q = .125, .25, .375, .5
    double tolerance;
  };
  for (const Row& row : {Row{"k2", {.878, .733, .557, .388}, 0.02}, Row{"falcon4", {.835, .535, .248, .093}, 0.02},
                         Row{"falcon3", {.854, .572, .298, .152}, 0.03}, Row{"falcon2", {.505, .219, .101, .052}, 0.012},
                         Row{"de20", {.781, .570, .370, .204}, 0.025}, Row{"tem-simulator", {.828, .588, .421, .318}, 0.001}}) {
    const ModulationTransfer mtf(row.name);
    EXPECT_NEAR(mtf(0), 1, 1e-9);
    for (int i = 0; i < 4; ++i) EXPECT_NEAR(mtf(0.125 * (i + 1)), row.at[i], row.tolerance) << row.name << " " << i;
  }
  EXPECT_NEAR(ModulationTransfer("pixel")(0.5), 2 / kPi, 1e-9);
  EXPECT_TRUE(ModulationTransfer("ideal").is_ideal());
}

TEST(ModulationTransfer, ReadsCurvesOfRelion) {
  CRYOMER_NEEDS_SHARED_DATA("detector/mtf_k2_300kV_FL2.star");
  const ModulationTransfer mtf(testing::shared_data("detector/mtf_k2_300kV_FL2.star"));
  EXPECT_NEAR(mtf(0), 1, 1e-6);
  EXPECT_NEAR(mtf(0.253968254), 0.854655, 1e-5);
  EXPECT_NEAR(mtf(0.5), 0.607258, 2e-4);
}

TEST(ModulationTransfer, RefusesFilesThatAreNone) {
  const std::string path = testing::scratch_folder() + "/mtf.star";
  auto error = [&](const std::string& rows) {
    write_file_atomically(path, "data_mtf\n\nloop_\n_rlnResolutionInversePixel\n_rlnMtfValue\n" + rows);
    return testing::error_of([&] { ModulationTransfer mtf(path); });
  };
  EXPECT_NE(error("0 1\n0.3 0.7\n0.2 0.6\n0.5 .3\n").find("ascend"), std::string::npos);
  EXPECT_NE(error("0 1\n0.3 -0.7\n0.5 .3\n").find("above 0"), std::string::npos);
  EXPECT_NE(error("0 1\n0.3 x\n0.5 .3\n").find("line 7"), std::string::npos) << error("0 1\n0.3 x\n0.5 .3\n");
  EXPECT_NE(error("0 1\n0.3 0.7\n").find("0.5 cycles"), std::string::npos);
  write_file_atomically(path, "data_\n\nloop_\n_rlnVoltage\n300\n");
  EXPECT_NE(testing::error_of([&] { ModulationTransfer mtf(path); }).find("not an MTF"), std::string::npos);
  EXPECT_NE(testing::error_of([&] { ModulationTransfer mtf("falcn4"); }).find("'falcon4'"), std::string::npos);
}

}  // namespace
}  // namespace cryomer
