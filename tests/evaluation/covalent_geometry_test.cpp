#include "cryomer/evaluation/covalent_geometry.h"

#include "cryomer/evaluation/mirror_image.h"
#include "cryomer/structure/ramachandran.h"
#include "cryomer/evaluation/stereochemistry.h"
#include "cryomer/io/structure_file.h"
#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

Ensemble one(const std::vector<float>& x) {
  Ensemble ensemble;
  ensemble.atom_count = int64_t(x.size()) / 3;
  ensemble.append(x.data());
  return ensemble;
}

TEST(CovalentGeometry, FindsBondsAnglesAndTorsionsOfAPeptide) {
  const CovalentGeometry g(testing::polyalanine(5));
  EXPECT_EQ(g.bonds.size(), 5u * 4 + 4);  // N-CA, CA-C, C-O, CA-CB; C-N between residues
  // In a residue N-CA-C, N-CA-CB, C-CA-CB, CA-C-O; between two CA-C-N, O-C-N, C-N-CA.
  EXPECT_EQ(g.angles.size(), 5u * 4 + 4 * 3);
  EXPECT_EQ(g.centres.size(), 5u);
  EXPECT_EQ(g.planes.size(), 4u);
  EXPECT_EQ(g.torsions.size(), 3u);
  const Structure helix = testing::polyalanine(5, -60, -40);
  const std::vector<float> x = helix.coordinates();
  const BackboneTorsions t = CovalentGeometry(helix).torsions[1];
  EXPECT_NEAR(degrees(torsion_angle(x.data(), t.c_before, t.n, t.ca, t.c)), -60, 1e-3);
  EXPECT_NEAR(degrees(torsion_angle(x.data(), t.n, t.ca, t.c, t.n_after)), -40, 1e-3);
  const PeptidePlane& plane = g.planes[0];
  EXPECT_NEAR(std::abs(degrees(torsion_angle(x.data(), plane.ca_before, plane.c, plane.n, plane.ca))), 180, 1e-3);
  EXPECT_TRUE(is_left_handed(x.data(), g.centres[2]));
}

TEST(CovalentGeometry, IsMeasuredInOtherConformations) {
  const Structure base = testing::polyalanine(6);
  std::vector<float> x = base.coordinates();
  const int cb = base.find_atom(2, "CB"), ca = base.find_atom(2, "CA");
  for (int k = 0; k < 3; ++k) x[3 * cb + k] = 2 * x[3 * ca + k] - x[3 * cb + k];  // through its CA: the other hand
  const Stereochemistry of = stereochemistry(base, one(x)), own = stereochemistry(base, one(base.coordinates()));
  EXPECT_NEAR(of.wrong_hands, 1.0 / 6, 1e-9);
  EXPECT_GT(of.angle_rms_deviation, 5);
  EXPECT_NEAR(of.all_bonds_rms_deviation, 0, 1e-5);
  EXPECT_NEAR(own.angle_rms_deviation, 0, 1e-3);
  EXPECT_LT(own.backbone_angle_rms_deviation_ideal, 2);
  EXPECT_EQ(own.wrong_hands, 0);
  EXPECT_EQ(own.ramachandran_outliers, 0);
  EXPECT_EQ(own.left_handed_residues, 0);
  EXPECT_EQ(own.twisted_peptides, 0);
  // An atom pulled out by 0.5 A stretches one bond of those there are.
  x = base.coordinates();
  const int o = base.find_atom(3, "O"), c = base.find_atom(3, "C");
  for (int k = 0; k < 3; ++k) x[3 * o + k] += 0.5f * (x[3 * o + k] - x[3 * c + k]) / 1.231f;
  EXPECT_NEAR(stereochemistry(base, one(x)).all_bonds_rms_deviation, 0.5 / std::sqrt(double(own.bond_count)), 1e-3);
}

TEST(CovalentGeometry, SeesTwistedPeptidesAndClosedTorsions) {
  const Structure base = testing::polyalanine(6);
  const std::vector<float> x = base.coordinates();
  // Everything beyond a bond turned about it.
  const auto turned = [&](int from, int about, double angle) {
    std::vector<float> y = x;
    const Vec3 a{x[3 * from], x[3 * from + 1], x[3 * from + 2]}, b{x[3 * about], x[3 * about + 1], x[3 * about + 2]};
    const Mat3 turn = rotation_from_vector(radians(angle) * normalized(b - a));
    for (int i = about + 1; i < base.atom_count(); ++i) {
      const Vec3 p = a + turn * (Vec3{x[3 * i], x[3 * i + 1], x[3 * i + 2]} - a);
      for (int k = 0; k < 3; ++k) y[3 * i + k] = float(p[k]);
    }
    return y;
  };
  const std::vector<float> twisted = turned(base.find_atom(2, "C"), base.find_atom(3, "N"), 60);
  EXPECT_NEAR(stereochemistry(base, one(twisted)).twisted_peptides, 1.0 / 5, 1e-9);
  // phi from -57 to 63 at psi -47, where nothing is.
  const std::vector<float> closed = turned(base.find_atom(3, "N"), base.find_atom(3, "CA"), 120);
  EXPECT_GE(stereochemistry(base, one(closed)).ramachandran_outliers, 1.0 / 4 - 1e-9);
  EXPECT_NEAR(stereochemistry(base, one(closed)).left_handed_residues, 1.0 / 4, 1e-9);
  Structure with_glycine = base;
  with_glycine.residues[3].name = "GLY";
  EXPECT_EQ(stereochemistry(with_glycine, one(closed)).left_handed_residues, 0) << "glycine has both hands";
  with_glycine.residues[3].name = "ALA";
  with_glycine.residues[2].name = "GLY";
  EXPECT_NEAR(stereochemistry(with_glycine, one(closed)).left_handed_residues, 1.0 / 3, 1e-9);
}

TEST(CovalentGeometry, CountsEclipsedSideChains) {
  const Structure base = testing::polyserine(4);
  EXPECT_EQ(stereochemistry(base, one(base.coordinates())).eclipsed_side_chains, 0);
  for (const auto& [turn, share] : std::vector<std::pair<double, double>>{{25, 0}, {35, 0.25}, {60, 0.25}, {115, 0}}) {
    std::vector<float> x = base.coordinates();
    const int ca = base.find_atom(2, "CA"), cb = base.find_atom(2, "CB"), og = base.find_atom(2, "OG");
    const Vec3 a = base.atoms[size_t(ca)].position, b = base.atoms[size_t(cb)].position;
    const Vec3 turned = b + rotation_from_vector(radians(turn) * normalized(b - a)) * (base.atoms[size_t(og)].position - b);
    for (int k = 0; k < 3; ++k) x[size_t(3 * og + k)] = float(turned[k]);
    EXPECT_NEAR(stereochemistry(base, one(x)).eclipsed_side_chains, share, 1e-9) << turn;
  }
}

TEST(Ramachandran, KnowsWhereProteinsAre) {
  const auto outlier = [](const char* residue, double phi, double psi) {
    return is_ramachandran_outlier(residue, radians(phi), radians(psi));
  };
  for (const char* residue : {"ALA", "GLY", "PRO"}) {
    EXPECT_FALSE(outlier(residue, -62, -43)) << residue;  // helix
    EXPECT_FALSE(outlier(residue, -70, 150)) << residue;  // polyproline
    EXPECT_TRUE(outlier(residue, 0, 0)) << residue;
  }
  EXPECT_FALSE(outlier("ALA", -120, 130));
  EXPECT_FALSE(outlier("ALA", -150, -170));
  EXPECT_FALSE(outlier("ALA", 57, 45));
  EXPECT_TRUE(outlier("ALA", 120, -130));
  EXPECT_FALSE(outlier("GLY", 120, -130));
  EXPECT_TRUE(outlier("PRO", 57, 45));
  EXPECT_TRUE(outlier("ALA", 80, -90));
}

TEST(Ramachandran, FindsFewOutliersInCrystalStructures) {
  for (const char* name : {"adk/1ake.pdb", "adk/4ake.pdb", "aurka/1ol5.pdb", "aurka/1ol7.pdb", "aurka/5l8k.pdb"}) {
    CRYOMER_NEEDS_SHARED_DATA(name);
    const Structure structure = read_structure(testing::shared_data(name));
    const Stereochemistry own = stereochemistry(structure, one(structure.coordinates()));
    EXPECT_LT(own.ramachandran_outliers, 0.02) << name;
    EXPECT_LT(own.left_handed_residues, 0.06) << name;
    EXPECT_EQ(own.wrong_hands, 0) << name;
    EXPECT_LT(own.backbone_angle_rms_deviation_ideal, 4) << name;
    EXPECT_GT(own.torsion_count, 200) << name;
    EXPECT_LT(own.eclipsed_side_chains, 0.15) << name;
    EXPECT_GT(own.staggered_count, 300) << name;
  }
}

TEST(MirrorImage, IsSeenByCAsAlone) {
  Random random(5);
  const Structure helix = testing::polyalanine(20);
  std::vector<float> cas;
  for (const int a : atoms_of(helix, AtomSet::ca)) {
    for (int k = 0; k < 3; ++k) cas.push_back(float(helix.atoms[a].position[k]));
  }
  const Ensemble truth = testing::perturbed(cas, 60, 0.2, random);
  Ensemble ensemble = testing::perturbed(cas, 70, 0.4, random);
  EXPECT_FALSE(check_mirror_image(ensemble, truth).is_mirrored());
  for (size_t k = 2; k < ensemble.coordinates.size(); k += 3) ensemble.coordinates[k] *= -1;
  const MirrorCheck check = check_mirror_image(ensemble, truth);
  EXPECT_TRUE(check.is_mirrored());
  EXPECT_LT(check.rmsd_mirrored, 1);
  EXPECT_GT(check.rmsd, 1.5);
}

}  // namespace
}  // namespace cryomer
