#include "cryomer/protein/restraints.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "cryomer/base/units.h"
#include "cryomer/structure/ramachandran.h"
#include "cryomer/structure/side_chain_bonds.h"

namespace cryomer {

namespace {

double distance(const Structure& s, int i, int j) { return norm(s.atoms[i].position - s.atoms[j].position); }

float strength(double sigma) { return static_cast<float>(1 / (sigma * sigma)); }

constexpr double kBondSigma = 0.02, kAngleSigma = 0.05, kTieSigma = 0.3;  // A

class RestraintBuilder {
 public:
  explicit RestraintBuilder(const Structure& structure) : structure_(structure) {}

  // Between named atoms of two residues; left out when either is missing.
  void add(int first_residue, const char* first, int second_residue, const char* second, double ideal,
           double tolerance, double sigma) {
    const int i = structure_.find_atom(first_residue, first), j = structure_.find_atom(second_residue, second);
    if (i < 0 || j < 0) return;
    const double found = distance(structure_, i, j);
    const double length = std::abs(found - ideal) <= tolerance ? found : ideal;
    restraints.push_back({i, j, static_cast<float>(length), strength(sigma)});
  }

  // Four of the six freedoms between two residues; the two that are left are the torsions phi and psi. (A distance from O
  // would hold psi, too, because O moves with the residue before.)
  void peptide(int before, int after) {
    add(before, "C", after, "N", 1.329, 0.06, kBondSigma);
    add(before, "CA", after, "N", 2.43, 0.15, kAngleSigma);
    add(before, "C", after, "CA", 2.43, 0.15, kAngleSigma);
    const int i = structure_.find_atom(before, "CA"), j = structure_.find_atom(after, "CA");
    const bool cis = distance(structure_, i, j) < 3.3;
    add(before, "CA", after, "CA", cis ? 2.95 : 3.80, 0.2, kAngleSigma);
  }

  void phosphodiester(int before, int after) {
    add(before, "O3'", after, "P", 1.607, 0.06, kBondSigma);
    add(before, "C3'", after, "P", 2.60, 0.2, kAngleSigma);
    add(before, "O3'", after, "OP1", 2.52, 0.2, kAngleSigma);
    add(before, "O3'", after, "OP2", 2.52, 0.2, kAngleSigma);
    add(before, "O3'", after, "O5'", 2.50, 0.2, kAngleSigma);
  }

  // What caps a chain (ACE, NME): the bond, and the distances from each end of it to what the other end is bonded to, as the structure has them.
  void cap(int before, int after) {
    constexpr double kBonded = 1.8;  // A
    const int c = structure_.find_atom(before, "C"), n = structure_.find_atom(after, "N");
    if (c < 0 || n < 0) return;
    hold(c, n, kBondSigma);
    for (const auto& [end, other] : {std::pair(c, n), std::pair(n, c)}) {
      const Residue& r = structure_.residues[size_t(structure_.atoms[size_t(end)].residue)];
      for (int a = r.first_atom; a < r.first_atom + r.atom_count; ++a) {
        if (a != end && distance(structure_, a, end) < kBonded) hold(a, other, kAngleSigma);
      }
    }
  }

  void hold(int i, int j, double sigma) { restraints.push_back({i, j, static_cast<float>(distance(structure_, i, j)), strength(sigma)}); }

  // The six shortest contacts within 4.5 A of any other residue; if there are none, the shortest of all.
  void tie_to_surroundings(int residue) {
    const Residue& r = structure_.residues[residue];
    std::vector<DistanceRestraint> contacts;
    for (int i = r.first_atom; i < r.first_atom + r.atom_count; ++i) {
      for (int j = 0; j < structure_.atom_count(); ++j) {
        if (structure_.atoms[j].residue == residue) continue;
        contacts.push_back({i, j, static_cast<float>(distance(structure_, i, j)), strength(kTieSigma)});
      }
    }
    std::sort(contacts.begin(), contacts.end(), [](const auto& a, const auto& b) { return a.length < b.length; });
    size_t kept = 0;
    while (kept < contacts.size() && kept < 6 && (kept < 1 || contacts[kept].length < 4.5f)) ++kept;
    restraints.insert(restraints.end(), contacts.begin(), contacts.begin() + kept);
  }

  std::vector<DistanceRestraint> restraints;

 private:
  const Structure& structure_;
};

}  // namespace

std::vector<DistanceRestraint> chain_restraints(const Structure& structure) {
  RestraintBuilder builder(structure);
  for (int r = 0; r < structure.residue_count(); ++r) {
    const Residue& residue = structure.residues[r];
    const bool linked_to_next = r + 1 < structure.residue_count() && structure.residues[r + 1].bonded_to_previous;
    if (residue.bonded_to_previous) {
      const bool peptide = residue.kind == ResidueKind::protein && structure.residues[r - 1].kind == ResidueKind::protein;
      const bool cap = residue.kind == ResidueKind::other || structure.residues[r - 1].kind == ResidueKind::other;
      peptide ? builder.peptide(r - 1, r) : cap ? builder.cap(r - 1, r) : builder.phosphodiester(r - 1, r);
    }
    if (residue.kind == ResidueKind::other && !residue.bonded_to_previous && !linked_to_next) {
      builder.tie_to_surroundings(r);
    }
  }
  return builder.restraints;
}

ClashRules clash_rules(const Structure& structure) {
  ClashRules rules;
  for (const Atom& atom : structure.atoms) {
    const bool polar = atom.atomic_number == 7 || atom.atomic_number == 8;
    rules.radius.push_back(polar ? 1.3f : 1.5f);
    rules.residue.push_back(atom.residue);
  }
  for (const Residue& residue : structure.residues) rules.bonded_to_previous.push_back(residue.bonded_to_previous);
  rules.strength = strength(0.3);
  constexpr float kDisulphide = 2.5f, kCoordinated = 3.0f;  // A
  auto sulphur = [&](int a) { return structure.atoms[size_t(a)].atomic_number == 16; };
  auto other = [&](int a) { return structure.residues[size_t(structure.atoms[size_t(a)].residue)].kind == ResidueKind::other; };
  ClosePairWorkspace workspace;
  for_each_close_pair(structure.coordinates().data(), structure.atom_count(), kCoordinated, workspace, [&](int i, int j, const float*, float square) {
    const bool bridge = sulphur(i) && sulphur(j) && square < kDisulphide * kDisulphide;
    if (bridge || other(i) || other(j)) rules.join(i, j);
  });
  std::sort(rules.joined.begin(), rules.joined.end());
  return rules;
}

BackboneTorsionRules left_handed_rules(const Structure& structure) {
  BackboneTorsionRules rules;
  rules.atom_count = structure.atom_count();
  auto at = [&](int a) { return structure.atoms[size_t(a)].position; };
  for (const BackboneTorsions& t : backbone_torsions(structure)) {
    const double price = left_handed_price(structure.residues[size_t(t.residue)].name);
    const bool own = torsion_angle(at(t.c_before), at(t.n), at(t.ca), at(t.c)) > 0;
    if (price > 0 && !own) rules.add(t.c_before, t.n, t.ca, t.c, t.n_after, {}, price);
  }
  return rules;
}

BackboneTorsionRules backbone_torsion_rules(const Structure& structure) {
  constexpr double kMargin = 5, kOwn = 15;  // degrees
  BackboneTorsionRules rules;
  rules.atom_count = structure.atom_count();
  rules.strength = 1 / (radians(10) * radians(10));
  auto at = [&](int a) { return structure.atoms[size_t(a)].position; };
  for (const BackboneTorsions& t : backbone_torsions(structure)) {
    const std::string& name = structure.residues[size_t(t.residue)].name;
    std::vector<TorsionRegion> open;
    for (const RamachandranRegion& r : ramachandran_regions(name)) {
      open.push_back({radians((r.phi_low + r.phi_high) / 2), radians((r.psi_low + r.psi_high) / 2),
                      radians((r.phi_high - r.phi_low) / 2 - kMargin), radians((r.psi_high - r.psi_low) / 2 - kMargin)});
    }
    const double phi = torsion_angle(at(t.c_before), at(t.n), at(t.ca), at(t.c)), psi = torsion_angle(at(t.n), at(t.ca), at(t.c), at(t.n_after));
    if (is_ramachandran_outlier(name, phi, psi)) open.push_back({phi, psi, radians(kOwn), radians(kOwn)});
    rules.add(t.c_before, t.n, t.ca, t.c, t.n_after, open);
  }
  return rules;
}

StaggeringRules staggering_rules(const Structure& structure) {
  constexpr float kBarrier = 5;
  std::vector<float> barrier, angle;
  auto at = [&](int a) { return structure.atoms[size_t(a)].position; };
  for (const SideChainBond& bond : side_chain_bonds(structure)) {
    barrier.push_back(bond.staggered ? kBarrier : 0);
    angle.push_back(bond.staggered ? float(torsion_angle(at(bond.before), at(bond.from), at(bond.about), at(bond.after))) : 0);
  }
  const auto count = int64_t(barrier.size());
  return {tensor_from(barrier, {count}), tensor_from(angle, {count})};
}

std::vector<DistanceRestraint> peptide_bonds(const Structure& structure) {
  std::vector<DistanceRestraint> bonds;
  for (int r = 1; r < structure.residue_count(); ++r) {
    if (!structure.residues[r].bonded_to_previous) continue;
    const int c = structure.find_atom(r - 1, "C"), n = structure.find_atom(r, "N");
    if (c >= 0 && n >= 0) bonds.push_back({c, n, 1.329f, 1.0f});
  }
  for (DistanceRestraint& bond : bonds) bond.strength = 2 / float(bonds.size());
  return bonds;
}

}  // namespace cryomer
