#include "cryomer/simulation/specimen_potential.h"

#include <gemmi/c4322.hpp>
#include <gemmi/dencalc.hpp>
#include <gemmi/elem.hpp>

#include "cryomer/base/log.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/simulation/hydrogens.h"
#include "cryomer/simulation/scattering_factors.h"
#include "simulation/microscope_testing.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::bare;
using testing::potential_of;
using testing::projected;
using testing::spectrum_of;

Structure quiet_structure(const std::string& path) {
  set_log_level(LogLevel::error);
  Structure s = read_structure(path);
  set_log_level(LogLevel::info);
  return s;
}

Structure centred(Structure s) {
  const Vec3 centre = s.centroid();
  for (Atom& a : s.atoms) a.position = a.position - centre;
  return s;
}

// With its hydrogens, Da.
double mass_of(const Structure& s) {
  const std::vector<int> hydrogens = hydrogens_on_atoms(s);
  double mass = 0;
  for (int a = 0; a < s.atom_count(); ++a) {
    mass += gemmi::molecular_weight(static_cast<gemmi::El>(s.atoms[a].atomic_number)) + 1.008 * hydrogens[a];
  }
  return mass;
}

Structure small_molecule() {
  Structure s = testing::polyalanine(8);
  testing::add_residue(s, "A", 9, "LIG", false, ResidueKind::other);
  testing::add_atom(s, "S", 16, {5, -3, 2});
  testing::add_atom(s, "P", 15, {-4, 4, -1});
  return centred(s);
}

// V2.
TEST(SpecimenPotential, HasTheIntegralOfItsScatteringFactors) {
  const Structure s = small_molecule();
  double expected = 0;
  for (const Atom& a : s.atoms) expected += kPotentialOfScattering * scattering_factor(a.atomic_number).forward();
  const SpecimenPotential potential = potential_of(s, bare(), 0.6);
  EXPECT_NEAR(potential.integral(), expected, 1e-6 * expected);
  Random random(2);
  for (int n = 0; n < 5; ++n) {
    double sum = 0;
    for (const float v : projected(potential, s, {128, 0.6}, random_rotation(random), 0.21 * n, -0.3 * n).real) sum += 0.36 * v;
    EXPECT_NEAR(sum / expected, 1, 1e-4) << "in every orientation";
  }
}

// V2: gemmi's density of the same table, summed along the beam. Pixel means are the density's convolution with a pixel, so their
// spectra differ by its sinc.
TEST(SpecimenPotential, ProjectsAsGemmiDoes) {
  const Structure s = small_molecule();
  const int n = 120;
  const double pixel = 0.3, edge = n * pixel;
  gemmi::DensityCalculator<gemmi::C4322<double>, double> calculator;
  calculator.grid.set_unit_cell(gemmi::UnitCell(edge, edge, edge, 90, 90, 90));
  calculator.grid.set_size(n, n, n);
  calculator.cutoff = 1e-9;
  for (const Atom& atom : s.atoms) {
    gemmi::Atom a;
    a.element = gemmi::Element(atom.atomic_number);
    a.pos = {atom.position.x + edge / 2, atom.position.y + edge / 2, atom.position.z + edge / 2};
    a.b_iso = 30;
    a.occ = 1;
    calculator.add_atom_density_to_grid(a);
  }
  std::vector<float> summed(size_t(n) * n);
  for (int y = 0; y < n; ++y) {
    for (int x = 0; x < n; ++x) {
      double sum = 0;
      for (int z = 0; z < n; ++z) sum += calculator.grid.get_value_q(x, y, z);
      summed[size_t(y) * n + x] = static_cast<float>(kPotentialOfScattering * pixel * sum);
    }
  }
  const auto reference = spectrum_of(summed, n),
             ours = spectrum_of(projected(potential_of(s, bare(30), pixel), s, {n, pixel}).real, n);
  double difference = 0, norm2 = 0;
  for_each_frequency(n, pixel, [&](size_t i, double kx, double ky) {
    const auto corrected = std::complex<double>(ours[i]) / (testing::sinc(kx * pixel) * testing::sinc(ky * pixel));
    difference += std::norm(corrected - std::complex<double>(reference[i]));
    norm2 += std::norm(std::complex<double>(reference[i]));
  });
  EXPECT_LT(std::sqrt(difference / norm2), 1e-5);
}

// V2.
TEST(SpecimenPotential, IsACentralSliceInFourierSpace) {
  const Structure s = small_molecule();
  Random random(9);
  const Mat3 rotation = random_rotation(random);
  const int n = 96;
  const double pixel = 0.5;
  const auto ours = spectrum_of(projected(potential_of(s, bare(30), pixel), s, {n, pixel}, rotation).real, n);
  double difference = 0, norm2 = 0;
  for_each_frequency(n, pixel, [&](size_t i, double kx, double ky) {
    const double k = std::hypot(kx, ky);
    if (k > 0.8) return;
    std::complex<double> sum = 0;
    for (const Atom& a : s.atoms) {
      const Vec3 r = rotation * a.position;
      sum += scattering_factor(a.atomic_number)(k) * std::exp(-30 * k * k / 4) *
             std::polar(1.0, -2 * kPi * (kx * (r.x + n * pixel / 2) + ky * (r.y + n * pixel / 2)));
    }
    sum *= kPotentialOfScattering / (pixel * pixel) * testing::sinc(kx * pixel) * testing::sinc(ky * pixel);
    difference += std::norm(std::complex<double>(ours[i]) - sum);
    norm2 += std::norm(sum);
  });
  EXPECT_LT(std::sqrt(difference / norm2), 1e-4);
}

TEST(SpecimenPotential, OfSlabsAddsUpToTheProjection) {
  const Structure s = small_molecule();
  SimulationConfig c = bare();
  c.solvent.model = "continuum";
  c.specimen.absorption = "inelastic";
  const SpecimenPotential potential = potential_of(s, c, 0.6);
  const ProjectedPotential whole = projected(potential, s, {96, 0.6});
  ProjectedPotential slab;
  std::vector<float> real(whole.real.size()), imaginary(real.size());
  const Specimen specimen = potential.specimen(s.coordinates().data());
  for (double z = -60; z < 60; z += 7.5) {
    potential.project(specimen, Mat3(), 28.8, 28.8, {96, 0.6}, slab, z, z + 7.5);
    for (size_t i = 0; i < real.size(); ++i) real[i] += slab.real[i], imaginary[i] += slab.imaginary[i];
  }
  EXPECT_LT(testing::relative_difference(real, whole.real), 1e-5);
  EXPECT_LT(testing::relative_difference(imaginary, whole.imaginary), 1e-5);
}

// V3: mean inner potentials of isolated atoms, through the projection.
TEST(SpecimenPotential, GivesWaterAndCarbonTheirMeanInnerPotential) {
  auto mean_potential = [](const std::vector<std::pair<int, double>>& elements) {  // element and number per A^3
    Random random(4);
    const double edge = 60, thickness = 40;
    std::vector<std::pair<int, Vec3>> atoms;
    for (const auto& [element, density] : elements) {
      for (int n = 0; n < int(density * edge * edge * thickness + 0.5); ++n) {
        atoms.push_back(
            {element, {edge * (random.uniform() - 0.5), edge * (random.uniform() - 0.5), thickness * (random.uniform() - 0.5)}});
      }
    }
    const Structure s = testing::atoms_of_elements(atoms);
    double sum = 0;
    for (const float v : projected(potential_of(s, bare(30), 1), s, {100, 1}).real) sum += v;
    return sum / (edge * edge * thickness);
  };
  const double n_water = water_number_density(0.94);
  EXPECT_NEAR(mean_potential({{8, n_water}, {1, 2 * n_water}}), 4.575, 0.005 * 4.575);
  // Holography of amorphous carbon measures 9.09 V: isolated atoms are 15 % too high.
  EXPECT_NEAR(mean_potential({{6, 1.75 / 12.011 / 1.66054}}), 10.5, 0.1);
}

// V3.
TEST(SpecimenPotential, GivesAuroraAEightVolts) {
  CRYOMER_NEEDS_SHARED_DATA("aurka/base.pdb");
  const Structure s = quiet_structure(testing::shared_data("aurka/base.pdb"));
  SimulationConfig c = bare();
  c.specimen.hydrogens = "absorbed";
  const double with = potential_of(s, c, 1).integral();
  c.specimen.hydrogens = "none";
  const double without = potential_of(s, c, 1).integral();
  EXPECT_NEAR(with / (1.21 * mass_of(s)), 8.12, 0.15);
  EXPECT_NEAR(1 - without / with, 0.18, 0.015) << "the hydrogens' share";
  EXPECT_NEAR(with, 300756, 0.03 * 300756) << "another conformation of one residue less, with explicit hydrogens";
}

// V4.
TEST(ContinuumSolvent, IsDisplacedByTheVolumeOfProteins) {
  CRYOMER_NEEDS_SHARED_DATA("aurka/base.pdb");
  int proteins = 0;
  for (const char* file :
       {"aurka/base.pdb", "aurka/1ol7.pdb", "aurka/5l8k.pdb", "adk/adk_open.pdb", "adk/adk_closed.pdb", "adk/4ake.pdb"}) {
    if (testing::shared_data(file).empty()) continue;
    const Structure s = centred(quiet_structure(testing::shared_data(file)));
    double volume = 0;
    for (const float w : displaced_volume(s.coordinates().data(), s.atoms.size(), 2.2, 1.0).weight) volume += w;
    EXPECT_NEAR(volume / (1.21 * mass_of(s)), 1, 0.03) << file;
    ++proteins;
  }
  EXPECT_GE(proteins, 5);
}

TEST(ContinuumSolvent, IsWhatIsFarFromAllAtoms) {
  // One atom displaces a ball.
  const float origin[3] = {0.3f, -0.2f, 0.1f};
  double volume = 0;
  for (const float w : displaced_volume(origin, 1, 2.2, 0.5).weight) volume += w;
  EXPECT_NEAR(volume, 4.0 / 3 * kPi * std::pow(2.2, 3), 0.02 * volume);
}

// V4, Babinet: a molecule with the potential of water cannot be seen.
TEST(ContinuumSolvent, HidesWhatHasItsOwnPotential) {
  const Structure s = centred(testing::globule(600));
  auto coarse_power = [&](const char* model, double scale) {
    SimulationConfig c = bare(30);
    c.solvent.model = model;
    c.specimen.potential_scale = scale;
    const auto spectrum = spectrum_of(projected(potential_of(s, c, 1.2), s, {96, 1.2}).real, 96);
    double sum = 0;
    for_each_frequency(96, 1.2, [&](size_t i, double kx, double ky) {
      if (std::hypot(kx, ky) < 1 / 25.0) sum += std::norm(spectrum[i]);
    });
    return sum;
  };
  double volume = 0;
  for (const float w : displaced_volume(s.coordinates().data(), s.atoms.size(), 2.2, 1.0).weight) volume += w;
  const double match = 4.53 * volume / potential_of(s, bare(), 1.2).integral();
  EXPECT_LT(coarse_power("continuum", match), 0.01 * coarse_power("none", match));
  EXPECT_GT(coarse_power("continuum", 2 * match), 0.1 * coarse_power("none", match));
}

// V4: the map that TEM-simulator prints for Aurora A has these maxima at voxels of 1, 0.5 and 0.25 A, and the ice's 4.88 V as
// minimum.
TEST(ClampedSolvent, HasTheMapOfTemSimulator) {
  CRYOMER_NEEDS_SHARED_DATA("aurka/base.pdb");
  const Structure s = centred(quiet_structure(testing::shared_data("aurka/base.pdb")));
  for (const auto& [voxel, expected] : {std::pair{1.0, 12.3}, std::pair{0.5, 35.2}, std::pair{0.25, 180.0}}) {
    SimulationConfig c = simulation_preset("seed");
    c.solvent.voxel = voxel;
    const Specimen specimen = potential_of(s, c, 1.2).specimen(s.coordinates().data());
    float most = 0;
    for (const float w : specimen.solvent.weight) {
      EXPECT_GT(w, 0);
      most = std::max(most, w);
    }
    EXPECT_NEAR(4.877 + most / std::pow(voxel, 3), expected, 0.15 * expected) << voxel;
  }
}

// V5.
TEST(SpecimenPotential, FallsOffByItsBFactor) {
  const Structure s = centred(testing::globule(300));
  Random random(7);
  const Mat3 rotation = random_rotation(random);
  auto power = [&](double b) {
    const auto spectrum = spectrum_of(projected(potential_of(s, bare(b), 0.5), s, {128, 0.5}, rotation).real, 128);
    std::vector<double> sums(200, 0), counts(200, 0);
    for_each_frequency(128, 0.5, [&](size_t i, double kx, double ky) {
      const double k = std::hypot(kx, ky);
      if (k < 1 / 5.0 || k > 1 / 3.0) return;
      const auto bin = size_t((k * k - 0.04) / (1 / 9.0 - 0.04) * 40);
      sums[bin] += std::norm(spectrum[i]), counts[bin] += 1;
    });
    return sums;
  };
  const std::vector<double> without = power(0);
  for (const double b : {50.0, 100.0}) {
    const std::vector<double> with = power(b);
    // Regression of ln(P_B / P_0) on k^2: the slope is -B/2.
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (size_t bin = 0; bin < 40; ++bin) {
      if (without[bin] == 0) continue;
      const double k2 = 0.04 + (double(bin) + 0.5) / 40 * (1 / 9.0 - 0.04), ratio = std::log(with[bin] / without[bin]);
      n += 1, x += k2, y += ratio, xx += k2 * k2, xy += k2 * ratio;
    }
    const double slope = (n * xy - x * y) / (n * xx - x * x);
    EXPECT_NEAR(-2 * slope / b, 1, 0.02);
  }
}

TEST(SpecimenPotential, AddsTheBFactorsOfTheFile) {
  Structure s = small_molecule();
  for (Atom& a : s.atoms) a.b_factor = 45;
  SimulationConfig c = bare(5);
  c.specimen.file_b_factors = true;
  const std::vector<float> together = projected(potential_of(s, c, 0.6), s, {96, 0.6}).real,
                           plain = projected(potential_of(s, bare(50), 0.6), s, {96, 0.6}).real;
  EXPECT_LT(testing::relative_difference(together, plain), 1e-6);
}

TEST(SpecimenPotential, AbsorbsByMeanFreePathOrFraction) {
  const Structure s = centred(testing::globule(300));
  SimulationConfig c = bare();
  c.solvent.model = "continuum";
  c.specimen.absorption = "inelastic";
  const SpecimenPotential physical = potential_of(s, c, 1.2);
  const ProjectedPotential p = projected(physical, s, {64, 1.2});
  const double sigma = ElectronBeam(300).interaction;
  for (size_t i = 0; i < p.real.size(); i += 97)
    EXPECT_NEAR(p.imaginary[i], p.thickness[i] * (1 / 1970.0 - 1 / 3950.0) / (2 * sigma), 1e-5);
  c.specimen.absorption = "fraction";
  c.specimen.amplitude_contrast = 0.1;
  const ProjectedPotential f = projected(potential_of(s, c, 1.2), s, {64, 1.2});
  for (size_t i = 0; i < f.real.size(); i += 97) EXPECT_NEAR(f.imaginary[i] * std::sqrt(1 - 0.01), 0.1 * f.real[i], 1e-5);
}

TEST(SpecimenPotential, RefusesElementsWithoutScatteringFactor) {
  Structure s = small_molecule();
  s.atoms[3].atomic_number = 0;
  const std::string text = testing::error_of([&] { potential_of(s, bare(), 1); });
  EXPECT_NE(text.find(atom_label(s, 3)), std::string::npos) << text;
  EXPECT_NE(text.find("scattering factor"), std::string::npos) << text;
}

TEST(Hydrogens, AreThoseOfAminoAcidsAndNucleotides) {
  Structure s;
  testing::add_residue(s, "A", 1, "LYS", false);
  for (const char* name : {"N", "CA", "C", "O", "CB", "CG", "CD", "CE", "NZ"})
    testing::add_atom(s, name, name[0] == 'N' ? 7 : name[0] == 'O' ? 8 : 6, {double(s.atom_count()), 0, 0});
  testing::add_residue(s, "A", 2, "HIE", true);
  for (const char* name : {"N", "CA", "C", "O", "CB", "CG", "ND1", "CD2", "CE1", "NE2"})
    testing::add_atom(s, name, name[0] == 'N' ? 7 : name[0] == 'O' ? 8 : 6, {double(s.atom_count()), 9, 0});
  testing::add_residue(s, "B", 1, "DA", false, ResidueKind::nucleotide);
  for (const char* name : {"P", "O5'", "C5'", "C4'", "C3'", "C2'", "C1'", "N9", "C8", "N6", "C2"})
    testing::add_atom(s, name, 6, {double(s.atom_count()), 20, 0});
  const std::vector<int> h = hydrogens_on_atoms(s);
  auto sum = [&](int r) {
    int total = 0;
    for (int a = s.residues[r].first_atom; a < s.residues[r].first_atom + s.residues[r].atom_count; ++a) total += h[a];
    return total;
  };
  EXPECT_EQ(sum(0), 3 + 1 + 4 * 2 + 3);
  EXPECT_EQ(sum(1), 1 + 1 + 2 + 3);
  EXPECT_EQ(sum(2), 2 + 1 + 1 + 2 + 1 + 1 + 2 + 1);
}

TEST(Hydrogens, OfAdpInACrystalStructureAreThoseOfItsFormula) {
  CRYOMER_NEEDS_SHARED_DATA("aurka/1ol7.pdb");
  const Structure s = quiet_structure(testing::shared_data("aurka/1ol7.pdb"));
  const std::vector<int> h = hydrogens_on_atoms(s);
  for (const Residue& r : s.residues) {
    if (r.name != "ADP") continue;
    int sum = 0;
    for (int a = r.first_atom; a < r.first_atom + r.atom_count; ++a) sum += h[a];
    EXPECT_EQ(sum, 12) << "C10 H12 N5 O10 P2, three times negative";
    return;
  }
  FAIL() << "there is no ADP";
}

TEST(Hydrogens, OfLigandsFollowTheirOpenValences) {
  // Ethanol, and acetate with its carbonyl.
  const Structure ethanol = testing::atoms_of_elements({{6, {0, 0, 0}}, {6, {1.52, 0, 0}}, {8, {2.0, 1.35, 0}}});
  EXPECT_EQ(hydrogens_on_atoms(ethanol), (std::vector<int>{3, 2, 1}));
  const Structure acetaldehyde = testing::atoms_of_elements({{6, {0, 0, 0}}, {6, {1.5, 0, 0}}, {8, {2.1, 1.05, 0}}});
  EXPECT_EQ(hydrogens_on_atoms(acetaldehyde), (std::vector<int>{3, 1, 0}));
  const Structure zinc = testing::atoms_of_elements({{30, {0, 0, 0}}});
  EXPECT_EQ(hydrogens_on_atoms(zinc), std::vector<int>{0});
}

}  // namespace
}  // namespace cryomer
