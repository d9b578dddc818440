#include "cryomer/optics/ctf.h"

#include <cmath>

#include "cryomer/base/units.h"
#include "testing.h"

namespace cryomer {
namespace {

// The optics of Rosenbaum et al. 2021, figure 4a.
ParticleOptics paper_optics() {
  ParticleOptics p;
  p.optics.voltage = 300;
  p.optics.spherical_aberration = 2.1;
  p.optics.amplitude_contrast = 0.06;
  p.optics.pixel_size = 1.2;
  p.ctf.defocus_u = p.ctf.defocus_v = 5000;
  return p;
}

TEST(ElectronWavelength, IsThatOfTheTables) {
  EXPECT_NEAR(electron_wavelength(300), 0.0196876, 1e-6);
  EXPECT_NEAR(electron_wavelength(200), 0.0250795, 1e-6);
}

TEST(Ctf, IsAmplitudeContrastAtZeroFrequency) {
  const ParticleOptics p = paper_optics();
  EXPECT_NEAR(ctf_value(p.optics, p.ctf, 0, 0), 0.06, 1e-12);
}

TEST(Ctf, IsPositiveBeforeItsFirstZeroWhenUnderfocused) {
  const ParticleOptics p = paper_optics();
  for (double d = 200; d > 10; d *= 0.9) EXPECT_GT(ctf_value(p.optics, p.ctf, 1 / d, 0), 0) << d;
}

TEST(Ctf, HasThePapersZeros) {
  const ParticleOptics p = paper_optics();
  for (const double d : {9.98, 6.99, 5.67, 4.89}) {
    EXPECT_LT(ctf_value(p.optics, p.ctf, 1 / (d * 1.01), 0) * ctf_value(p.optics, p.ctf, 0, 1 / (d * 0.99)), 0) << d;
  }
}

TEST(Ctf, IsAstigmaticAlongItsAngle) {
  ParticleOptics p = paper_optics();
  p.ctf.defocus_u = 12000;
  p.ctf.defocus_v = 8000;
  p.ctf.astigmatism_angle = radians(30);
  ParticleOptics u = p, v = p;
  u.ctf.defocus_v = 12000;
  v.ctf.defocus_u = 8000;
  const double k = 1 / 11.0, c = std::cos(radians(30)), s = std::sin(radians(30));
  EXPECT_NEAR(ctf_value(p.optics, p.ctf, k * c, k * s), ctf_value(u.optics, u.ctf, k * c, k * s), 1e-9);
  EXPECT_NEAR(ctf_value(p.optics, p.ctf, -k * s, k * c), ctf_value(v.optics, v.ctf, -k * s, k * c), 1e-9);
}

TEST(CtfSpectra, AreTheValuesOnTheGrid) {
  ParticleOptics a = paper_optics(), b = a;
  b.optics.pixel_size = 2.5;
  b.optics.voltage = 200;
  b.ctf = {21000, 17000, radians(-40), radians(20), 80, 0.9};
  ParticleOptics premultiplied = a;
  premultiplied.optics.ctf_premultiplied = true;
  const int box = 24;
  const Tensor spectra = ctf_spectra({a, b, premultiplied}, box);
  ASSERT_EQ(spectra.sizes(), at::IntArrayRef({3, box, box / 2 + 1}));
  auto at_grid = [&](const ParticleOptics& p, int v, int u) {
    const double step = 1 / (box * p.optics.pixel_size);
    return ctf_value(p.optics, p.ctf, u * step, (v <= box / 2 ? v : v - box) * step);
  };
  for (int v = 0; v < box; ++v) {
    for (int u = 0; u <= box / 2; ++u) {
      // Phases reach a hundred radians; single precision leaves 1e-5 of them.
      EXPECT_NEAR(spectra[0][v][u].item<float>(), at_grid(a, v, u), 2e-5);
      EXPECT_NEAR(spectra[1][v][u].item<float>(), at_grid(b, v, u), 2e-5);
      EXPECT_NEAR(spectra[2][v][u].item<float>(), std::pow(at_grid(a, v, u), 2), 4e-5);
    }
  }
}

TEST(HalfSpectrumRadius, CountsFromTheOrigin) {
  const Tensor radius = half_spectrum_radius(8);
  EXPECT_EQ(radius[0][3].item<float>(), 3);
  EXPECT_NEAR(radius[7][0].item<float>(), 1, 1e-6);
  EXPECT_NEAR(radius[4][4].item<float>(), std::sqrt(32.0), 1e-6);
}

}  // namespace
}  // namespace cryomer
