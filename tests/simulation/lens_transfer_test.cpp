#include "cryomer/simulation/lens_transfer.h"

#include "cryomer/optics/ctf.h"
#include "cryomer/simulation/radiation_damage.h"
#include "simulation/microscope_testing.h"
#include "testing.h"

namespace cryomer {
namespace {

// What the lens makes of a weak phase object of the amplitude contrast A: I - 1 = 2 Re(H (i - A')) per unit phase, A' = A / sqrt(1
// - A^2).
struct LinearTransfer {
  int size;
  double pixel;
  std::vector<float> values;  // half spectrum

  LinearTransfer(const LensConfig& lens, double u, double v, double angle, double amplitude_contrast, int n, double px)
      : size(n), pixel(px) {
    LensTransfer transfer(lens, ElectronBeam(lens.voltage), n, px);
    transfer.focus(u, v, angle);
    std::vector<float> re(2 * half_count(n), 0.0f), im(re);
    for (size_t i = 0; i < half_count(n); ++i) {
      re[2 * i] = static_cast<float>(-amplitude_contrast);
      im[2 * i] = static_cast<float>(std::sqrt(1 - amplitude_contrast * amplitude_contrast));
    }
    transfer.apply(re.data(), im.data());
    for (size_t i = 0; i < half_count(n); ++i) values.push_back(re[2 * i]);
  }
  float at(int u, int v) const { return values[size_t(v < 0 ? v + size : v) * half_columns(size) + size_t(u)]; }
};

LensConfig sharp_lens() {
  LensConfig lens;
  lens.aperture = 0;
  lens.energy_spread = 0;
  lens.illumination_angle = 0;
  return lens;
}

// V6: sign, astigmatism's angle and phase plate are RELION's, whose CTF describes images with protein bright.
TEST(LensTransfer, IsMinusTheCtfOfRelion) {
  Random random(6);
  for (int n = 0; n < 10; ++n) {
    LensConfig lens = sharp_lens();
    lens.voltage = 100 + 200 * random.uniform();
    lens.spherical_aberration = 3 * random.uniform();
    lens.phase_shift = n % 2 ? 60 * random.uniform() : 0;
    const double u = 3000 + 20000 * random.uniform(), v = u - 1000 * random.uniform(), angle = kPi * random.uniform(),
                 a = 0.2 * random.uniform();
    const LinearTransfer transfer(lens, u, v, angle, a, 64, 1.5);
    OpticsGroup optics{"", lens.voltage, lens.spherical_aberration, a, 1.5, false};
    CtfParameters ctf;
    ctf.defocus_u = u, ctf.defocus_v = v, ctf.astigmatism_angle = angle, ctf.phase_shift = radians(lens.phase_shift);
    for (int y = -20; y <= 20; y += 5) {
      for (int x = 1; x <= 26; x += 5) {
        EXPECT_NEAR(transfer.at(x, y), -ctf_value(optics, ctf, x / 96.0, y / 96.0), 5e-3) << "the two wavelengths differ by 3e-5";
      }
    }
  }
}

// V6: 20 random microscopes; zeros by the closed form k_n^2 = (D - sqrt(D^2 - 4 a (n - asin(A)/pi))) / (2 a).
TEST(LensTransfer, VanishesWhereTheClosedFormSays) {
  Random random(11);
  int zeros = 0;
  for (int n = 0; n < 20; ++n) {
    LensConfig lens = sharp_lens();
    lens.voltage = std::vector<double>{100, 200, 300}[random.below(3)];
    lens.spherical_aberration = 0.5 + 2.5 * random.uniform();
    const double mean = 5000 + 15000 * random.uniform(), astigmatism = 500 * random.normal(), angle = kPi * random.uniform(),
                 a = 0.15 * random.uniform();
    const int size = 512;
    const double pixel = 1.2;
    const LinearTransfer transfer(lens, mean + astigmatism, mean - astigmatism, angle, a, size, pixel);
    // Along x.
    const ElectronBeam beam(lens.voltage);
    const double along = mean + astigmatism * std::cos(2 * angle), d = beam.wavelength * along,
                 q = 0.5 * lens.spherical_aberration * 1e7 * std::pow(beam.wavelength, 3);
    for (int order = 1; order <= 4; ++order) {
      const double root = d * d - 4 * q * (order - std::asin(a) / kPi);
      ASSERT_GT(root, 0);
      const double k = std::sqrt((d - std::sqrt(root)) / (2 * q)), bin = k * size * pixel;
      if (bin > 0.4 * size) break;
      const int below = int(bin) - 1, above = int(bin) + 2;
      EXPECT_LT(transfer.at(below, 0) * transfer.at(above, 0), 0) << "zero " << order << " at " << 1 / k << " A";
      ++zeros;
    }
    const std::vector<double> found = ctf_zeros(lens, beam, along, a, 0.3);
    EXPECT_NEAR(found.at(0), std::sqrt((d - std::sqrt(d * d - 4 * q * (1 - std::asin(a) / kPi))) / (2 * q)), 1e-6);
  }
  EXPECT_GT(zeros, 60);
}

TEST(LensTransfer, OfTheSeedVanishesWhereThePaperSays) {
  LensConfig lens = simulation_preset("seed").lens;
  const std::vector<double> zeros = ctf_zeros(lens, ElectronBeam(300), 5000, 0.06, 1 / 2.4);
  ASSERT_EQ(zeros.size(), 14u);
  const std::vector<double> expected = {9.98, 6.99, 5.67, 4.89, 4.35, 3.95, 3.64, 3.385, 3.17, 3.00, 2.84, 2.70, 2.58, 2.47};
  for (size_t i = 0; i < zeros.size(); ++i) EXPECT_NEAR(1 / zeros[i], expected[i], 0.006);
}

TEST(LensTransfer, CarriesDetailAwayAsGeometrySays) {
  const LensConfig lens = simulation_preset("seed").lens;
  const ElectronBeam beam(300);
  EXPECT_NEAR(delocalisation(lens, beam, 5000, 0.1), 9.7, 0.1);
  EXPECT_NEAR(delocalisation(lens, beam, 5000, 1 / 3.0), 27, 0.5);
  EXPECT_NEAR(delocalisation(lens, beam, 5000, 1 / 2.4), 29, 0.5);
}

// V6: dark at underfocus.
TEST(LensTransfer, ShowsAnAtomDarkAtUnderfocus) {
  const Structure atom = testing::atoms_of_elements({{6, {0, 0, 0}}});
  const std::vector<float> image = testing::intensity_of(atom, testing::bare(100), 64, 5000);
  EXPECT_LT(image[32 * 64 + 32], 0.999f);
  EXPECT_GT(testing::intensity_of(atom, testing::bare(100), 64, -5000)[32 * 64 + 32], 1.001f);
}

// V6, as a fit does it: the defocus is found from the power spectrum alone.
TEST(LensTransfer, CanBeFittedFromAMicrograph) {
  const Structure s = testing::globule(400);
  SimulationConfig c = testing::bare(60);
  c.layout.micrograph = 384;
  const Microscope microscope(c, s);
  const auto specimen = std::make_shared<const Specimen>(microscope.potential.specimen(s.coordinates().data()));
  MicrographRenderer renderer(microscope, [&](int64_t) { return specimen; });
  MicrographPlan plan;
  plan.defocus_u = 11300, plan.defocus_v = 10700, plan.astigmatism_angle = 0.5;
  Random random(3);
  for (int n = 0; n < 9; ++n) {
    PlannedParticle p;
    p.rotation = random_rotation(random);
    p.x = 72 + 120 * (n % 3), p.y = 72 + 120 * (n / 3);
    plan.particles.push_back(p);
  }
  const int size = 384;
  const auto spectrum = testing::spectrum_of(testing::relative_intensity(renderer, plan, c), size);
  // Power over its local mean, between 20 and 4 A, against CTF^2.
  std::vector<double> ring_sum(size, 0), ring_count(size, 0);
  auto ring = [](double k) { return size_t(k * 40); };  // wide: holds several oscillations
  for_each_frequency(size, 1.2, [&](size_t i, double kx, double ky) {
    ring_sum[ring(std::hypot(kx, ky))] += std::norm(spectrum[i]), ring_count[ring(std::hypot(kx, ky))] += 1;
  });
  auto agreement = [&](double u, double v, double angle) {
    OpticsGroup optics{"", 300, 2.1, 0, 1.2, false};
    CtfParameters ctf;
    ctf.defocus_u = u, ctf.defocus_v = v, ctf.astigmatism_angle = angle;
    double xy = 0, xx = 0;
    for_each_frequency(size, 1.2, [&](size_t i, double kx, double ky) {
      const double k = std::hypot(kx, ky);
      if (k < 1 / 20.0 || k > 1 / 4.0) return;
      const double model = std::pow(ctf_value(optics, ctf, kx, ky), 2) - 0.5;
      xy += model * std::norm(spectrum[i]) / (ring_sum[ring(k)] / ring_count[ring(k)]);
      xx += model * model;
    });
    return xy / std::sqrt(xx);
  };
  double best = -1, mean = 0, half = 0;
  for (double m = 10000; m <= 12000; m += 100) {
    if (const double score = agreement(m, m, 0); score > best) best = score, mean = m;
  }
  best = -1;
  double centre = mean;
  for (double m = centre - 100; m <= centre + 100; m += 20) {
    for (double h = 100; h <= 500; h += 50) {
      if (const double score = agreement(m + h, m - h, 0.5); score > best) best = score, mean = m, half = h;
    }
  }
  EXPECT_NEAR(mean, 11000, 30);
  EXPECT_NEAR(half, 300, 50);
}

// V8: averages over focus and tilt by brute force.
TEST(LensTransfer, HasTheEnvelopesOfItsSource) {
  for (const double defocus : {5000.0, 20000.0}) {
    LensConfig lens = sharp_lens();
    lens.energy_spread = 1.3;
    lens.chromatic_aberration = 2.7;
    const ElectronBeam beam(300);
    const double lambda = beam.wavelength, cs = lens.spherical_aberration * 1e7, spread = focal_spread(lens) / std::sqrt(2.0);
    auto chi = [&](double df, double k) {
      return kPi * lambda * df * k * k - 0.5 * kPi * cs * std::pow(lambda, 3) * std::pow(k, 4);
    };
    const int size = 256;
    const LinearTransfer temporal(lens, defocus, defocus, 0, 0, size, 1.0);
    for (int u = 4; u < 100; u += 3) {
      const double k = u / 256.0;
      double sum = 0, weight = 0;
      for (double x = -5; x <= 5; x += 0.02) {
        sum += std::exp(-0.5 * x * x) * std::sin(chi(defocus + spread * x, k)), weight += std::exp(-0.5 * x * x);
      }
      EXPECT_NEAR(temporal.at(u, 0), -sum / weight, 0.01) << 1 / k;
    }
    lens.energy_spread = 0;
    lens.illumination_angle = 0.1;
    const LinearTransfer spatial(lens, defocus, defocus, 0, 0, size, 1.0);
    for (int u = 4; u < 100; u += 3) {
      const double k = u / 256.0, width = lens.illumination_angle * 1e-3 / lambda / std::sqrt(2.0);
      double sum = 0, weight = 0;
      // Tilts along and across k, as frequencies of the incident wave; both sidebands against the central beam.
      for (double x = -4; x <= 4; x += 0.1) {
        for (double y = -4; y <= 4; y += 0.25) {
          const double g = std::exp(-0.5 * (x * x + y * y)), incident = chi(defocus, std::hypot(width * x, width * y));
          const double plus = chi(defocus, std::hypot(width * x + k, width * y)) - incident;
          const double minus = chi(defocus, std::hypot(width * x - k, width * y)) - incident;
          sum += g * std::cos(0.5 * (plus - minus)) * std::sin(0.5 * (plus + minus)), weight += g;
        }
      }
      EXPECT_NEAR(spatial.at(u, 0), -sum / weight, 0.01) << 1 / k << " A at " << defocus;
    }
  }
}

TEST(LensTransfer, EndsAtItsAperture) {
  LensConfig lens = sharp_lens();
  lens.aperture = 50, lens.focal_length = 3;
  EXPECT_NEAR(aperture_frequency(lens, ElectronBeam(300)), 0.423, 0.001);
  const LinearTransfer transfer(lens, 5000, 5000, 0, 1, 256, 1.0);  // amplitude contrast 1: |cos| and |sin| both seen
  double inside = 0, outside = 0;
  for (int u = 1; u < 127; ++u) (u / 256.0 < 0.42 ? inside : u / 256.0 > 0.445 ? outside : inside) += std::abs(transfer.at(u, 0));
  EXPECT_GT(inside, 10);
  EXPECT_EQ(outside, 0);
}

TEST(RadiationDamage, FadesAsMeasured) {
  EXPECT_NEAR(critical_exposure(0.1, 300), 14.1, 0.1);
  EXPECT_NEAR(critical_exposure(0.1, 200) / critical_exposure(0.1, 300), 0.8, 1e-9);
  // 2.8 % of the amplitude is left of 10 A after 1000 e/A^2.
  EXPECT_NEAR(damaged_amplitude(0.1, 1000, 300, 1000), 0.028, 0.0005);
  const double x = 50 / (2 * critical_exposure(0.2, 300));
  EXPECT_NEAR(damaged_amplitude(0.2, 50, 300, 4000), (1 - std::exp(-x)) / x, 1e-4) << "many frames: the integral";
  EXPECT_NEAR(damaged_amplitude(0.2, 50, 300, 1), std::exp(-0.5 * x), 1e-12);
  EXPECT_NEAR(damaged_amplitude(0.001, 1, 300, 4), 1, 1e-4);
}

}  // namespace
}  // namespace cryomer
