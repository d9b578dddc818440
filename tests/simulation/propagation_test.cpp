#include "cryomer/simulation/propagation.h"

#include "cryomer/base/log.h"
#include "cryomer/io/structure_file.h"
#include "simulation/microscope_testing.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::bare;
using testing::intensity_of;
using testing::less_one;
using testing::relative_difference;

const ElectronBeam kBeam(300);

double sum_of_intensity(const Wave& wave) {
  double sum = 0;
  for (size_t i = 0; i < wave.real.size(); ++i)
    sum += std::pow(1 + double(wave.real[i]), 2) + std::pow(double(wave.imaginary[i]), 2);
  return sum / double(wave.real.size());
}

ProjectedPotential uniform(int size, double real, double imaginary) {
  const size_t area = size_t(size) * size_t(size);
  return {std::vector<float>(area, float(real)), std::vector<float>(area, float(imaginary)), std::vector<float>(area, 0.0f)};
}

// V7.
TEST(PhaseGrating, OfAUniformSlabIsAPhaseAndAnAbsorption) {
  Wave wave;
  const double thickness = 500, potential = 4.53, path = 3950;
  phase_grating(uniform(16, potential * thickness, thickness / (2 * kBeam.interaction * path)), 16, kBeam, wave);
  const double phase = kBeam.interaction * potential * thickness, damping = std::exp(-0.5 * thickness / path);
  EXPECT_NEAR(wave.real[5], damping * std::cos(phase) - 1, 1e-6);
  EXPECT_NEAR(wave.imaginary[5], damping * std::sin(phase), 1e-6);
  EXPECT_NEAR(sum_of_intensity(wave), std::exp(-thickness / path), 1e-6);
}

TEST(PhaseGrating, IsTheExponentialForAllPhases) {
  Random random(1);
  ProjectedPotential p = uniform(64, 0, 0);
  for (size_t i = 0; i < p.real.size(); ++i) {
    p.real[i] = static_cast<float>(4 * random.normal() / kBeam.interaction * (i % 3 == 0 ? 0.01 : 1));
    p.imaginary[i] = static_cast<float>(0.3 * random.normal() / kBeam.interaction);
  }
  Wave wave;
  phase_grating(p, 64, kBeam, wave);
  for (size_t i = 0; i < p.real.size(); ++i) {
    const double phi = kBeam.interaction * p.real[i], damping = std::exp(-kBeam.interaction * p.imaginary[i]);
    EXPECT_NEAR(wave.real[i], damping * std::cos(phi) - 1, 3e-6 * damping) << phi;
    EXPECT_NEAR(wave.imaginary[i], damping * std::sin(phi), 3e-6 * damping) << phi;
  }
}

// V7: no electron is lost without absorption. Multislice's band limit takes what has gone beyond it, so the object has to be
// smooth.
TEST(Propagation, KeepsAllElectrons) {
  const Structure s = testing::globule(200);
  const SpecimenPotential potential = testing::potential_of(s, bare(120), 0.6);
  const Specimen specimen = potential.specimen(s.coordinates().data());
  const PotentialGrid grid{128, 0.6};
  Wave wave;
  ProjectedPotential p;
  potential.project(specimen, Mat3(), 38.4, 38.4, grid, p);
  phase_grating(p, 128, kBeam, wave);
  EXPECT_NEAR(sum_of_intensity(wave), 1, 1e-6);
  multislice([&](double from, double to,
                 ProjectedPotential& slab) { potential.project(specimen, Mat3(), 38.4, 38.4, grid, slab, from, to); },
             specimen.depth, 5, 128, 0.6, kBeam, wave);
  EXPECT_NEAR(sum_of_intensity(wave), 1, 1e-6);
}

// V7: the error of the weak phase image grows with the square of the potential, relative to the signal with the potential.
TEST(PhaseGrating, BecomesLinearForWeakObjects) {
  const Structure s = testing::globule(300);
  auto residual = [&](double scale) {
    SimulationConfig c = bare(60);
    c.specimen.potential_scale = scale;
    const std::vector<float> full = intensity_of(s, c, 96, 8000);
    c.lens.propagation = "weak-phase";
    const std::vector<float> weak = intensity_of(s, c, 96, 8000);
    double sum = 0;
    for (size_t i = 0; i < full.size(); ++i) sum += std::pow(full[i] - weak[i], 2);
    return std::sqrt(sum);
  };
  EXPECT_NEAR(residual(1) / residual(0.5), 4, 0.3);
}

// V7: the error of the phase grating grows with the thickness.
TEST(Multislice, BecomesThePhaseGratingForThinObjects) {
  const Structure full = testing::globule(300);
  auto error = [&](double squeezed) {
    Structure s = full;
    for (Atom& a : s.atoms) a.position.z *= squeezed;
    SimulationConfig c = bare(60);
    c.specimen.potential_scale = 0.2;  // few second-order terms
    c.lens.slice = 1;
    const std::vector<float> thin = less_one(intensity_of(s, c, 96, 6000));
    c.lens.propagation = "multislice";
    return relative_difference(less_one(intensity_of(s, c, 96, 6000)), thin);
  };
  const double whole = error(1), half = error(0.5);
  EXPECT_GT(whole, 0.002);
  EXPECT_NEAR(half / whole, 0.5, 0.13);
}

// V7: thinner slices converge, and the phase grating is off by a few parts in a hundred for a protein.
TEST(Multislice, ConvergesWithItsSlices) {
  CRYOMER_NEEDS_SHARED_DATA("aurka/base.pdb");
  set_log_level(LogLevel::error);
  Structure s = read_structure(testing::shared_data("aurka/base.pdb"));
  set_log_level(LogLevel::info);
  const Vec3 centre = s.centroid();
  for (Atom& a : s.atoms) a.position = a.position - centre;
  SimulationConfig c = bare(30);
  const std::vector<float> grating = less_one(intensity_of(s, c, 128, 5000));
  c.lens.propagation = "multislice";
  auto sliced = [&](double slice) {
    c.lens.slice = slice;
    return less_one(intensity_of(s, c, 128, 5000));
  };
  const std::vector<float> fine = sliced(2.5);
  const double at_20 = relative_difference(sliced(20), fine), at_10 = relative_difference(sliced(10), fine),
               at_5 = relative_difference(sliced(5), fine);
  EXPECT_NEAR(at_20, 0.011, 0.006);
  EXPECT_NEAR(at_10, 0.005, 0.003);
  EXPECT_NEAR(at_5, 0.0026, 0.002);
  EXPECT_GT(at_20, at_10);
  EXPECT_GT(at_10, at_5);
  // 2 to 4 parts in a hundred, by how long the molecule is along the beam.
  EXPECT_GT(relative_difference(grating, fine), 0.015);
  EXPECT_LT(relative_difference(grating, fine), 0.04);
}

// A particle at the depth z is in focus with z of defocus less.
TEST(Propagation, PutsDepthIntoTheDefocus) {
  const Structure s = testing::globule(200);
  SimulationConfig c = bare(60);
  c.layout.micrograph = c.extraction.box = 96;
  const Microscope microscope(c, s);
  const auto specimen = std::make_shared<const Specimen>(microscope.potential.specimen(s.coordinates().data()));
  MicrographRenderer renderer(microscope, [&](int64_t) { return specimen; });
  MicrographPlan plan;
  PlannedParticle p;
  p.x = p.y = 48;
  p.z = 700;
  plan.particles = {p};
  plan.defocus_u = plan.defocus_v = 5300;
  EXPECT_LT(relative_difference(less_one(testing::relative_intensity(renderer, plan, c)), less_one(intensity_of(s, c, 96, 6000))),
            1e-5);
}

// The beam meets what has the least depth first: an atom upstream is imaged like one of less underfocus.
TEST(Multislice, KnowsUpstreamFromDownstream) {
  const Structure s = testing::atoms_of_elements({{6, {-12, 0, 30}}, {6, {12, 0, -30}}});
  SimulationConfig c = bare(40);
  c.lens.slice = 2;
  c.lens.propagation = "multislice";
  const std::vector<float> both = less_one(intensity_of(s, c, 96, 1000));
  c.lens.propagation = "phase-grating";
  auto alone = [&](double x, double defocus) {
    return less_one(intensity_of(testing::atoms_of_elements({{6, {x, 0, 0}}}), c, 96, defocus));
  };
  auto together = [](std::vector<float> a, const std::vector<float>& b) {
    for (size_t i = 0; i < a.size(); ++i) a[i] += b[i];
    return a;
  };
  const double right = relative_difference(together(alone(-12, 1030), alone(12, 970)), both),
               wrong = relative_difference(together(alone(-12, 970), alone(12, 1030)), both);
  EXPECT_LT(right, 0.03);
  EXPECT_GT(wrong, 3 * right);
}

}  // namespace
}  // namespace cryomer
