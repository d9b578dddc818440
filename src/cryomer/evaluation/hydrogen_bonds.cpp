#include "cryomer/evaluation/hydrogen_bonds.h"

#include <algorithm>
#include <set>
#include <utility>

namespace cryomer {

namespace {

constexpr double kCoupling = 332 * 0.42 * 0.20;  // kcal A / mol, charges of C=O and N-H
constexpr double kShortest = 0.5;                // A; nearer counts as this
constexpr double kReach = 6;                     // A between N and O; farther is no bond

Vec3 position(const float* coordinates, int atom) {
  return {coordinates[3 * atom], coordinates[3 * atom + 1], coordinates[3 * atom + 2]};
}

double inverse_distance(Vec3 a, Vec3 b) {
  return 1 / std::max(norm(a - b), kShortest);
}

}  // namespace

double hydrogen_bond_energy(const BackboneHydrogenBond& bond, const float* coordinates) {
  const Vec3 c = position(coordinates, bond.carbon), o = position(coordinates, bond.oxygen);
  const Vec3 n = position(coordinates, bond.nitrogen);
  const Vec3 along =
      position(coordinates, bond.carbon_before_donor) - position(coordinates, bond.oxygen_before_donor);
  const Vec3 h = norm(along) > 0 ? n + normalized(along) : n;
  return kCoupling *
         (inverse_distance(o, n) + inverse_distance(c, h) - inverse_distance(o, h) - inverse_distance(c, n));
}

std::vector<BackboneHydrogenBond> secondary_structure_bonds(const Structure& structure) {
  const int residues = structure.residue_count();
  const std::vector<float> coordinates = structure.coordinates();
  std::vector<int> n(residues), c(residues), o(residues);
  for (int r = 0; r < residues; ++r) {
    const bool protein = structure.residues[r].kind == ResidueKind::protein;
    n[r] = protein ? structure.find_atom(r, "N") : -1;
    c[r] = protein ? structure.find_atom(r, "C") : -1;
    o[r] = protein ? structure.find_atom(r, "O") : -1;
  }
  // Residues first..last follow each other without a break.
  const auto in_a_row = [&](int first, int last) {
    if (first < 0 || last >= residues) return false;
    for (int r = first + 1; r <= last; ++r) {
      if (!structure.residues[r].bonded_to_previous) return false;
    }
    return true;
  };

  std::vector<BackboneHydrogenBond> all;
  std::set<std::pair<int, int>> bonded;  // acceptor, donor
  for (int donor = 1; donor < residues; ++donor) {
    const int before = donor - 1;
    if (n[donor] < 0 || c[before] < 0 || o[before] < 0 || !in_a_row(before, donor)) continue;
    if (structure.residues[donor].name == "PRO") continue;
    const Vec3 nitrogen = position(coordinates.data(), n[donor]);
    for (int acceptor = 0; acceptor < residues; ++acceptor) {
      if (acceptor == donor || acceptor == before || c[acceptor] < 0 || o[acceptor] < 0) continue;
      if (norm(position(coordinates.data(), o[acceptor]) - nitrogen) > kReach) continue;
      BackboneHydrogenBond bond;
      bond.acceptor = acceptor;
      bond.donor = donor;
      bond.carbon = c[acceptor];
      bond.oxygen = o[acceptor];
      bond.nitrogen = n[donor];
      bond.carbon_before_donor = c[before];
      bond.oxygen_before_donor = o[before];
      if (hydrogen_bond_energy(bond, coordinates.data()) >= kHydrogenBondEnergy) continue;
      all.push_back(bond);
      bonded.emplace(acceptor, donor);
    }
  }
  const auto is_bond = [&](int acceptor, int donor) { return bonded.count({acceptor, donor}) > 0; };
  const auto is_turn = [&](int r, int length) { return in_a_row(r, r + length) && is_bond(r, r + length); };
  // Residues i and j with their neighbours, apart and unbroken, can form a bridge.
  const auto may_bridge = [&](int i, int j) {
    return std::abs(i - j) >= 3 && in_a_row(i - 1, i + 1) && in_a_row(j - 1, j + 1);
  };

  std::vector<BackboneHydrogenBond> chosen;
  for (BackboneHydrogenBond& bond : all) {
    const int a = bond.acceptor, d = bond.donor, length = d - a;
    if (length >= 3 && length <= 5 && is_turn(a, length) &&
        (is_turn(a - 1, length) || is_turn(a + 1, length))) {
      bond.kind = SecondaryStructure::helix;
      chosen.push_back(bond);
      continue;
    }
    // The other bond of each bridge that this one can be half of: antiparallel between a and d facing each
    // other or with the bridge between them, parallel with this bond on either side.
    const bool bridge =
        (is_bond(d, a) && may_bridge(a, d)) || (is_bond(d - 2, a + 2) && may_bridge(a + 1, d - 1)) ||
        (is_bond(d, a + 2) && may_bridge(a + 1, d)) || (is_bond(d - 2, a) && may_bridge(d - 1, a));
    if (bridge) {
      bond.kind = SecondaryStructure::strand;
      chosen.push_back(bond);
    }
  }
  return chosen;
}

}  // namespace cryomer
