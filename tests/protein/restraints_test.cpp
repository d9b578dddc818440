#include "cryomer/protein/restraints.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/units.h"
#include "cryomer/geometry/rotation.h"
#include "cryomer/protein/side_chain_torsions.h"
#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::add_atom;
using testing::add_residue;
using testing::polyalanine;

double distance(const Structure& s, int i, int j) { return norm(s.atoms[i].position - s.atoms[j].position); }

// The restraint between two named atoms, or one of strength zero.
DistanceRestraint between(const std::vector<DistanceRestraint>& restraints, int i, int j) {
  for (const DistanceRestraint& r : restraints) {
    if ((r.i == i && r.j == j) || (r.i == j && r.j == i)) return r;
  }
  return {0, 0, 0, 0};
}

TEST(ChainRestraints, HoldFourDistancesAcrossEachPeptideBondAtTheBasesOwnLength) {
  const Structure s = polyalanine(5);
  const std::vector<DistanceRestraint> restraints = chain_restraints(s);
  EXPECT_EQ(restraints.size(), 4u * 4u);
  for (const DistanceRestraint& r : restraints) {
    EXPECT_EQ(s.atoms[r.j].residue - s.atoms[r.i].residue, 1);
    EXPECT_NEAR(r.length, distance(s, r.i, r.j), 1e-5);
  }
  EXPECT_NEAR(distance_restraint_energy(restraints, s.coordinates().data(), nullptr), 0, 1e-5);
  const int c = s.find_atom(1, "C"), n = s.find_atom(2, "N"), ca = s.find_atom(1, "CA"), next_ca = s.find_atom(2, "CA");
  EXPECT_FLOAT_EQ(between(restraints, c, n).strength, 1 / (0.02f * 0.02f));
  for (const auto& [i, j] : {std::pair(ca, n), std::pair(c, next_ca), std::pair(ca, next_ca)}) {
    EXPECT_FLOAT_EQ(between(restraints, i, j).strength, 1 / (0.05f * 0.05f));
  }
}

// Turning about phi and psi costs nothing: the two freedoms that a chain has.
TEST(ChainRestraints, LeavePhiAndPsiFree) {
  const std::vector<DistanceRestraint> restraints = chain_restraints(polyalanine(8, -57, -47));
  const Structure extended = polyalanine(8, -120, 130);
  EXPECT_NEAR(distance_restraint_energy(restraints, extended.coordinates().data(), nullptr), 0, 0.01);
}

TEST(ChainRestraints, TakeTheIdealLengthWhereTheBaseIsFarFromIt) {
  Structure s = polyalanine(2);
  const int c = s.find_atom(0, "C"), n = s.find_atom(1, "N");
  const Vec3 step = 0.4 * normalized(s.atoms[n].position - s.atoms[c].position);
  for (Atom& atom : s.atoms) {
    if (atom.residue == 1) atom.position += step;
  }
  EXPECT_FLOAT_EQ(between(chain_restraints(s), c, n).length, 1.329f);
}

TEST(ChainRestraints, KeepACisBondCis) {
  Structure s = polyalanine(2);
  const int ca = s.find_atom(0, "CA"), next_ca = s.find_atom(1, "CA");
  // CA of the second residue turned to the other side of the bond: omega 0.
  s.atoms[next_ca].position = testing::placed(s.atoms[ca].position, s.atoms[s.find_atom(0, "C")].position,
                                              s.atoms[s.find_atom(1, "N")].position, 1.458, radians(121.7), 0);
  const double length = distance(s, ca, next_ca);
  ASSERT_LT(length, 3.1);
  EXPECT_NEAR(between(chain_restraints(s), ca, next_ca).length, length, 1e-5);
}

TEST(ChainRestraints, StopAtBreaks) {
  Structure s = polyalanine(5);
  s.residues[3].bonded_to_previous = false;
  const std::vector<DistanceRestraint> restraints = chain_restraints(s);
  EXPECT_EQ(restraints.size(), 3u * 4u);
  for (const DistanceRestraint& r : restraints) EXPECT_FALSE(s.atoms[r.i].residue == 2 && s.atoms[r.j].residue == 3);
  EXPECT_EQ(peptide_bonds(s).size(), 3u);
}

TEST(ChainRestraints, LinkNucleotides) {
  Structure s;
  Vec3 at{0, 0, 0};
  for (int r = 0; r < 2; ++r) {
    add_residue(s, "B", r + 1, "DA", r > 0, ResidueKind::nucleotide);
    for (const char* name : {"P", "OP1", "OP2", "O5'", "C3'", "O3'"}) {
      add_atom(s, name, 6, at);
      at = at + Vec3{1.6, 0, 0};
    }
  }
  const std::vector<DistanceRestraint> restraints = chain_restraints(s);
  EXPECT_EQ(restraints.size(), 5u);
  EXPECT_NEAR(between(restraints, s.find_atom(0, "O3'"), s.find_atom(1, "P")).length, 1.6, 1e-5);
}

TEST(ChainRestraints, TieALigandToItsSixNearestContacts) {
  Structure s = polyalanine(6);
  const size_t chain = chain_restraints(s).size();
  add_residue(s, "A", 99, "ZN", false, ResidueKind::other);
  add_atom(s, "ZN", 30, s.atoms[s.find_atom(2, "CB")].position + Vec3{1.2, 1.2, 1.2});
  const int ion = s.atom_count() - 1;
  std::vector<double> distances;
  for (int a = 0; a < ion; ++a) distances.push_back(distance(s, a, ion));
  std::sort(distances.begin(), distances.end());
  const std::vector<DistanceRestraint> restraints = chain_restraints(s);
  size_t expected = 0;
  while (expected < 6 && distances[expected] < 4.5) ++expected;
  ASSERT_EQ(restraints.size(), chain + expected);
  for (size_t k = 0; k < expected; ++k) {
    EXPECT_EQ(restraints[chain + k].i, ion);
    EXPECT_NEAR(restraints[chain + k].length, distances[k], 1e-5);
    EXPECT_FLOAT_EQ(restraints[chain + k].strength, 1 / (0.3f * 0.3f));
  }
  // Far from everything, one tie to the nearest atom.
  s.atoms[ion].position = {60, 60, 60};
  EXPECT_EQ(chain_restraints(s).size(), chain + 1);
}

TEST(ChainRestraints, HoldTheCapsOfAChain) {
  Structure s = polyalanine(4);
  const Vec3 c = s.atoms[size_t(s.find_atom(3, "C"))].position;
  add_residue(s, "A", 5, "NME", true, ResidueKind::other);
  add_atom(s, "N", 7, c + Vec3{0, 0, 1.33});
  add_atom(s, "CH3", 6, c + Vec3{1.2, 0, 2.1});
  const std::vector<DistanceRestraint> restraints = chain_restraints(s);
  const int carbon = s.find_atom(3, "C"), nitrogen = s.find_atom(4, "N"), methyl = s.find_atom(4, "CH3");
  EXPECT_FLOAT_EQ(between(restraints, carbon, nitrogen).strength, 1 / (0.02f * 0.02f));
  EXPECT_NEAR(between(restraints, carbon, nitrogen).length, 1.33, 1e-5);
  for (const auto& [i, j] : {std::pair(s.find_atom(3, "CA"), nitrogen), std::pair(s.find_atom(3, "O"), nitrogen), std::pair(carbon, methyl)}) {
    EXPECT_FLOAT_EQ(between(restraints, i, j).strength, 1 / (0.05f * 0.05f));
    EXPECT_NEAR(between(restraints, i, j).length, distance(s, i, j), 1e-5);
  }
  EXPECT_EQ(restraints.size(), 3u * 4u + 4u);
}

TEST(ClashRules, LetNeighboursAndWhatTheBaseJoinsTouch) {
  Structure s = polyalanine(12);
  const int oxygen = s.find_atom(5, "O"), beta = s.find_atom(2, "CB"), far = s.find_atom(9, "CB");
  add_residue(s, "A", 99, "ZN", false, ResidueKind::other);
  add_atom(s, "ZN", 30, s.atoms[size_t(oxygen)].position + Vec3{0.9, 0.9, 1.5});
  const int ion = s.atom_count() - 1;
  const ClashRules rules = clash_rules(s);
  EXPECT_TRUE(rules.may_touch(ion, oxygen));
  EXPECT_TRUE(rules.may_touch(oxygen, s.find_atom(6, "CA")));
  EXPECT_TRUE(rules.may_touch(beta, s.find_atom(2, "O")));
  EXPECT_FALSE(rules.may_touch(beta, far));
  EXPECT_FLOAT_EQ(rules.radius[size_t(oxygen)] + rules.radius[size_t(s.find_atom(9, "N"))], 2.6f);
  ClosePairWorkspace workspace;
  EXPECT_EQ(clash_energy(rules, s.coordinates().data(), nullptr, workspace), 0);
  s.atoms[size_t(far)].position = s.atoms[size_t(beta)].position + Vec3{2.4, 0, 0};
  EXPECT_GT(clash_energy(rules, s.coordinates().data(), nullptr, workspace), 0.5 * 0.6 * 0.6 / 0.09 - 1e-3);
}

// What follows two backbone atoms of a residue, turned about the bond between them.
Structure turned_beyond(const Structure& s, int residue, const char* from, const char* about, double angle) {
  const Vec3 origin = s.atoms[size_t(s.find_atom(residue, about))].position;
  const Mat3 turn = rotation_from_vector(radians(angle) * normalized(origin - s.atoms[size_t(s.find_atom(residue, from))].position));
  Structure other = s;
  for (Atom& atom : other.atoms) {
    const bool beyond = atom.residue > residue || atom.name == "C" || atom.name == "O";
    if (atom.residue >= residue && beyond) atom.position = origin + turn * (atom.position - origin);
  }
  return other;
}

TEST(BackboneTorsionRules, OpenWhatProteinsHaveAndWhatTheBaseHas) {
  Structure s = polyalanine(12);
  const std::vector<float> helix = s.coordinates();
  const BackboneTorsionRules rules = backbone_torsion_rules(s);
  ASSERT_EQ(rules.residues.size(), 10u);
  EXPECT_EQ(backbone_torsion_energy(rules, helix.data(), nullptr), 0);
  // From psi = -47 to 73, where sheets begin; phi to 63, far from everything.
  EXPECT_EQ(backbone_torsion_energy(rules, turned_beyond(s, 5, "CA", "C", 120).coordinates().data(), nullptr), 0);
  const Structure strained = turned_beyond(s, 5, "N", "CA", 120);
  // phi is 63; psi, -47, is 22 + 5 degrees from the left-handed helix.
  EXPECT_NEAR(backbone_torsion_energy(rules, strained.coordinates().data(), nullptr), 0.5 * 2.7 * 2.7, 0.4);
  // A base that has it so may keep it.
  EXPECT_EQ(backbone_torsion_energy(backbone_torsion_rules(strained), strained.coordinates().data(), nullptr), 0);
}

TEST(LeftHandedRules, PriceWhatTheStructureDoesNotHave) {
  Structure s = polyalanine(12);
  s.residues[2].name = "GLY";
  s.residues[3].name = "ASN";
  s.residues[4].name = "VAL";
  const BackboneTorsionRules rules = left_handed_rules(s);
  EXPECT_EQ(rules.residues.size(), 9u);
  EXPECT_EQ(backbone_torsion_energy(rules, s.coordinates().data(), nullptr), 0);
  for (const auto& [residue, price] : std::vector<std::pair<int, double>>{{2, 0}, {3, 2}, {4, 4.5}, {5, 3}}) {
    const Structure left = turned_beyond(s, residue, "N", "CA", 120);  // phi from -57 to 63
    EXPECT_NEAR(backbone_torsion_energy(rules, left.coordinates().data(), nullptr), price * std::sin(radians(63)), 0.02 * price) << residue;
    EXPECT_EQ(backbone_torsion_energy(left_handed_rules(left), left.coordinates().data(), nullptr), 0) << residue;
  }
}

TEST(StaggeringRules, KnowTheTorsionsOfTheStructureByTheTurnsOfItsSideChains) {
  Structure s = testing::polyserine(4);
  const SideChains chains = side_chain_torsions(s);
  // Not at 180 degrees, where turns of either sign cost the same.
  std::vector<float> start = s.coordinates();
  turn_side_chains(chains, std::vector<float>(size_t(chains.count()), 0.4f).data(), start.data());
  for (int a = 0; a < s.atom_count(); ++a) s.atoms[size_t(a)].position = {start[3 * size_t(a)], start[3 * size_t(a) + 1], start[3 * size_t(a) + 2]};
  const StaggeringRules rules = staggering_rules(s);
  ASSERT_EQ(rules.angle.size(0), chains.count());
  for (const double turn : {0.0, 0.7, -2.1}) {
    // Serine 2's hydroxyl, turned: the rules' energy is that of the torsions there are then.
    std::vector<float> turns(size_t(chains.count()), 0), x = s.coordinates();
    size_t t = 0;
    while (s.atoms[size_t(chains.torsions[t].from)].residue != 2) ++t;
    turns[t] = float(turn);
    turn_side_chains(chains, turns.data(), x.data());
    double expected = 0;
    for (int r = 0; r < s.residue_count(); ++r) {
      auto at = [&](const char* name) {
        const auto a = 3 * size_t(s.find_atom(r, name));
        return Vec3{x[a], x[a + 1], x[a + 2]};
      };
      expected += 2.5 * (1 + std::cos(3 * torsion_angle(at("N"), at("CA"), at("CB"), at("OG"))));
    }
    EXPECT_NEAR(staggering_energies(rules, tensor_from(turns, {1, chains.count()})).item<double>(), expected, 1e-4) << turn;
  }
}

TEST(PeptideBonds, HaveTheirMeanSquaredDeviationAsEnergy) {
  const Structure s = polyalanine(4);
  const std::vector<DistanceRestraint> bonds = peptide_bonds(s);
  ASSERT_EQ(bonds.size(), 3u);
  for (int r = 0; r < 3; ++r) {
    EXPECT_EQ(bonds[r].i, s.find_atom(r, "C"));
    EXPECT_EQ(bonds[r].j, s.find_atom(r + 1, "N"));
    EXPECT_FLOAT_EQ(bonds[r].length, 1.329f);
  }
  std::vector<float> x = s.coordinates();
  x[3 * bonds[1].i] += 0.3f;  // a gap
  double expected = 0;
  for (int r = 0; r < 3; ++r) {
    const float *a = &x[3 * bonds[r].i], *b = &x[3 * bonds[r].j];
    const double length = std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
    expected += (length - 1.329) * (length - 1.329) / 3;
  }
  EXPECT_NEAR(distance_restraint_energy(bonds, x.data(), nullptr), expected, 1e-6);
}

}  // namespace
}  // namespace cryomer
