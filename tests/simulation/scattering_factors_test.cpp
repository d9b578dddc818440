#include "cryomer/simulation/scattering_factors.h"

#include <cstdint>  // gemmi 0.6 does without
#include <gemmi/it92.hpp>

#include "cryomer/optics/ctf.h"
#include "cryomer/simulation/electron_beam.h"
#include "cryomer/simulation/ice_scattering.h"
#include "testing.h"

namespace cryomer {
namespace {

// V1.
TEST(ElectronBeam, HasTheConstantsOfTheTables) {
  struct Row {
    double voltage, wavelength, interaction, gamma, beta_squared;
  };
  for (const Row& row : {Row{100, 0.0370144, 9.24396e-4, 1.195695, 0.300546}, Row{200, 0.0250793, 7.28840e-4, 1.391390, 0.483462},
                         Row{300, 0.0196875, 6.52616e-4, 1.587085, 0.602992}}) {
    const ElectronBeam beam(row.voltage);
    // The tables have six digits.
    EXPECT_NEAR(beam.wavelength / row.wavelength, 1, 3e-6) << row.voltage;
    EXPECT_NEAR(beam.interaction / row.interaction, 1, 2e-6) << row.voltage;
    EXPECT_NEAR(beam.gamma / row.gamma, 1, 1e-6) << row.voltage;
    EXPECT_NEAR(beam.beta_squared / row.beta_squared, 1, 2e-6) << row.voltage;
    EXPECT_NEAR(beam.wavelength / electron_wavelength(row.voltage), 1, 1e-4) << "RELION's formula";
  }
  EXPECT_NEAR(kPotentialOfScattering * std::pow(4 * 3.14159265358979, 1.5), 2132.79, 0.01);
}

// V1.
TEST(ScatteringFactor, IsTheTableOfPengAtZero) {
  const std::vector<std::pair<int, double>> known = {{1, 0.5288}, {6, 2.5088},  {7, 2.2135},
                                                     {8, 1.9834}, {16, 5.1604}, {15, 5.4876}};
  for (const auto& [element, value] : known) EXPECT_NEAR(scattering_factor(element).forward(), value, 2e-4) << element;
  // Some programs carry a minus sign in potassium's second coefficient, which gives 6.18.
  EXPECT_NEAR(scattering_factor(19).forward(), 8.98, 0.02 * 8.98);
  EXPECT_LT(scattering_factor(37).a[3], 0) << "rubidium's negative coefficient is genuine";
}

// V1: Mott and Bethe's relation ties electron to X-ray scattering, f(0) = 0.023934 sum a_i b_i of the X-ray Gaussians, another
// table. Fits of X-ray curves say little about their curvature at zero, and alkali and alkaline earths with their far electron
// least.
TEST(ScatteringFactor, AgreesWithXRayScatteringForEveryElement) {
  int close = 0, all = 0;
  for (int element = 2; element <= 95; ++element) {
    const auto& x_ray = gemmi::IT92<double>::data[element];
    double sum = 0;
    for (int i = 0; i < 4; ++i) sum += x_ray.a(i) * x_ray.b(i);
    const double ratio = scattering_factor(element).forward() / (0.023934 * sum);
    EXPECT_NEAR(ratio, 1, 0.25) << element;
    close += std::abs(ratio - 1) < 0.1;
    ++all;
  }
  EXPECT_GT(close, 0.8 * all);
}

TEST(ScatteringFactor, IsMissingForElementsBeyondTheTable) {
  EXPECT_FALSE(has_scattering_factor(0));
  EXPECT_TRUE(has_scattering_factor(98));
  EXPECT_NE(testing::error_of([] { scattering_factor(99); }).find("number 99"), std::string::npos);
}

// V3: by the number of molecules.
TEST(WaterPotential, FollowsTheDensity) {
  EXPECT_NEAR(water_potential(0.94), 4.575, 0.005 * 4.575);
  EXPECT_NEAR(water_potential(0.93), 4.526, 0.002);
}

// TEM-simulator's own numbers, which the plural model is there for.
TEST(IceScattering, HasTheFreePathsOfTemSimulator) {
  const ElectronBeam beam(300);
  const CrossSection o = cross_section(8, beam, 300), h = cross_section(1, beam, 300);
  const double n = 0.0335;
  EXPECT_NEAR(1 / (n * (o.elastic + o.inelastic + 2 * (h.elastic + h.inelastic))), 1009, 20);
  EXPECT_NEAR(1 / (n * (o.inelastic + 2 * h.inelastic)), 1245, 25);
}

TEST(IceScattering, TakesWhatItsModelSays) {
  LensConfig lens;
  const ElectronBeam beam(300);
  IceConfig ice;
  ice.thickness = 300;
  EXPECT_NEAR(IceScattering(ice, lens, beam).transfer(0.2, 5000), std::exp(-300.0 / 3950), 1e-9);
  ice.scattering = "none";
  EXPECT_EQ(IceScattering(ice, lens, beam).transfer(0.2, 5000), 1);
  ice.scattering = "plural";
  const IceScattering plural(ice, lens, beam);
  // What comes back is blurred: all of it at zero frequency that the aperture lets through, less and less beyond.
  EXPECT_GT(plural.transfer(0, 5000), 0.95);
  EXPECT_LT(plural.transfer(0, 5000), 1);
  EXPECT_GT(plural.transfer(0.05, 5000), plural.transfer(0.1, 5000));
  EXPECT_GT(plural.transfer(0.3, 5000), std::exp(-300.0 / plural.mean_free_path()) - 0.01);
  EXPECT_NEAR(plural.transfer(0.1, 5000), plural.transfer(0.05, 10000), 1e-9) << "the spread grows with the defocus";
}

}  // namespace
}  // namespace cryomer
