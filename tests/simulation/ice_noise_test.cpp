#include "cryomer/simulation/ice_noise.h"

#include "simulation/microscope_testing.h"
#include "testing.h"

namespace cryomer {
namespace {

// V13. The target itself is the table of relaxed TIP3P water.
TEST(IceNoise, HasThePowerOfItsTarget) {
  const ElectronBeam beam(300);
  const IceNoise ice{300, 50, 34};
  const int n = 256;
  const double pixel = 1.2;
  std::vector<double> sum(8, 0), expected(8, 0);
  Random random(4);
  for (int draw = 0; draw < 12; ++draw) {
    const auto spectrum = testing::spectrum_of(ice.field(n, pixel, beam, random), n);
    for_each_frequency(n, pixel, [&](size_t i, double kx, double ky) {
      const double k = std::hypot(kx, ky);
      if (k < 0.01 || k >= 0.41) return;
      sum[size_t(k * 8 / 0.41)] += std::norm(spectrum[i]) * pixel * pixel / (double(n) * n);
      expected[size_t(k * 8 / 0.41)] += ice.power(k, beam);
    });
  }
  for (size_t i = 0; i < sum.size(); ++i) EXPECT_NEAR(sum[i] / expected[i], 1, 0.05) << i;
}

TEST(IceNoise, IsTheTableOfWater) {
  const ElectronBeam beam(300);
  EXPECT_NEAR(ice_phase_power(1 / 25.0, beam), 2.7e-5, 1e-8);
  EXPECT_NEAR(ice_phase_power(1 / 3.1, beam), 9.8e-5, 1e-8);
  EXPECT_NEAR(ice_phase_power(0.001, beam), 2.7e-5, 1e-8);
  // n (sigma C_V f)^2 times water's small structure factor.
  const double sigma = beam.interaction;
  EXPECT_NEAR(ice_phase_power(0.01, beam) / (0.0311 * std::pow(sigma * 145.6, 2)), 0.095, 0.01);
  EXPECT_GT(ice_phase_power(0.1, ElectronBeam(100)), ice_phase_power(0.1, beam));
}

// V13: the mean of a mode that forgets itself exponentially.
TEST(IceNoise, AveragesOverTheMotionOfWater) {
  EXPECT_NEAR(motion_average(1e-6), 1, 1e-6);
  EXPECT_NEAR(motion_average(200), 2 / 200.0, 1e-4);
  for (const double x : {0.5, 3.0, 20.0}) {
    double sum = 0;
    const int n = 1000;
    for (int i = 0; i < n; ++i) {
      for (int j = 0; j < n; ++j) sum += std::exp(-x * std::abs(i - j) / double(n)) / (double(n) * n);
    }
    EXPECT_NEAR(motion_average(x), sum, 2e-3);
  }
  // Relative to shot noise: 4 d^2 / 34 decorrelates, 12 e/A^2 at 10 A; the page's ratios at 300 A of ice and 1000 e/A^2.
  const ElectronBeam beam(300);
  for (const auto& [d, ratio] : {std::pair{25.0, 2.2}, std::pair{13.0, 0.65}, std::pair{8.0, 0.29}, std::pair{5.7, 0.17}}) {
    // |2 sin chi|^2 has the mean 2, over the noise 1 / dose.
    const IceNoise ice{300, 1000, 34};
    EXPECT_NEAR(2 * ice.power(1 / d, beam) * 1000, ratio, 0.12 * ratio) << d;
  }
}

// In the micrograph: the noise of ice comes on top of counting, with the CTF's rings, and not into the clean image.
TEST(IceNoise, IsSeenThroughTheLens) {
  const Structure s = testing::globule(100);
  SimulationConfig c = testing::bare(60);
  c.layout.micrograph = 256;
  c.extraction.box = 64;
  c.exposure.dose = 5000;
  c.ice.structure_noise = true;
  c.ice.water_motion = 0;
  c.ice.thickness = 50;  // weak: twice the phase is four times what the square of the wave adds
  const Microscope microscope(c, s);
  MicrographRenderer renderer(
      microscope, [&](int64_t) { return std::make_shared<const Specimen>(microscope.potential.specimen(s.coordinates().data())); });
  MicrographPlan plan;
  plan.defocus_u = plan.defocus_v = 8000;
  double at_zero = 0, at_peak = 0, n_zero = 0, n_peak = 0, expected = 0;
  const double zero = ctf_zeros(c.lens, microscope.beam, 8000, 0, 0.3).at(1);
  for (plan.index = 0; plan.index < 6; ++plan.index) {
    const Micrograph micrograph = renderer.render(plan);  // no particles
    for (const float v : micrograph.clean) ASSERT_EQ(v, micrograph.clean[0]);
    const auto spectrum = testing::spectrum_of(micrograph.noisy, 256);
    const double mean = micrograph.clean[0];
    for_each_frequency(256, 1.2, [&](size_t i, double kx, double ky) {
      const double k = std::hypot(kx, ky), power = std::norm(spectrum[i]) / (256.0 * 256.0) / mean;  // shot noise is 1
      if (std::abs(k - zero) < 0.0025) at_zero += power, n_zero += 1;
      if (std::abs(k - 0.885 * zero) < 0.004) {
        at_peak += power, n_peak += 1;
        const double lambda = microscope.beam.wavelength,
                     chi = kPi * lambda * 8000 * k * k - 0.5 * kPi * 2.1e7 * std::pow(lambda, 3) * std::pow(k, 4);
        const IceNoise ice{50, 5000, 0};
        expected += 1 + 4 * std::pow(std::sin(chi), 2) * ice.power(k, microscope.beam) * 5000;
      }
    });
  }
  EXPECT_NEAR(at_peak / n_peak, expected / n_peak, 0.1 * expected / n_peak);
  EXPECT_LT(at_zero / n_zero, 0.35 * at_peak / n_peak);
}

}  // namespace
}  // namespace cryomer
