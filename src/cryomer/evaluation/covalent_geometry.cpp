#include "cryomer/evaluation/covalent_geometry.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "cryomer/base/units.h"

namespace cryomer {

namespace {

constexpr double kTolerance = 0.4;  // A, beyond the sum of the radii

Vec3 position(const float* x, int atom) {
  return {x[3 * atom], x[3 * atom + 1], x[3 * atom + 2]};
}

// A, of what proteins, nucleic acids and their ligands are made of; 0 for metals, which are coordinated rather than bonded.
double covalent_radius(int atomic_number) {
  switch (atomic_number) {
    case 5:
      return 0.84;
    case 6:
      return 0.76;
    case 7:
      return 0.71;
    case 8:
      return 0.66;
    case 9:
      return 0.57;
    case 14:
      return 1.11;
    case 15:
      return 1.07;
    case 16:
      return 1.05;
    case 17:
      return 1.02;
    case 34:
      return 1.20;
    case 35:
      return 1.20;
    case 53:
      return 1.39;
    default:
      return 0;
  }
}

struct IdealAngle {
  const char *i, *j, *k;
  double degrees;
};
// Engh and Huber 1991: the backbone, without glycine and proline.
constexpr IdealAngle kIdealAngles[] = {{"N", "CA", "C", 111.2}, {"CA", "C", "N", 116.2}, {"O", "C", "N", 123.0},
                                       {"CA", "C", "O", 120.8}, {"C", "N", "CA", 121.7}, {"N", "CA", "CB", 110.5},
                                       {"C", "CA", "CB", 110.1}};

double ideal_angle(const Structure& base, int i, int j, int k) {
  for (const int atom : {i, j, k}) {
    const Residue& residue = base.residues[base.atoms[atom].residue];
    if (residue.kind != ResidueKind::protein || residue.name == "GLY" || residue.name == "PRO") return 0;
  }
  for (const IdealAngle& ideal : kIdealAngles) {
    if (base.atoms[j].name != ideal.j) continue;
    const std::string &a = base.atoms[i].name, &b = base.atoms[k].name;
    if ((a == ideal.i && b == ideal.k) || (a == ideal.k && b == ideal.i)) return radians(ideal.degrees);
  }
  return 0;
}

}  // namespace

double bond_angle(const float* x, int i, int j, int k) {
  const Vec3 a = position(x, i) - position(x, j), b = position(x, k) - position(x, j);
  return std::atan2(norm(cross(a, b)), dot(a, b));
}

double torsion_angle(const float* x, int a, int b, int c, int d) {
  return torsion_angle(position(x, a), position(x, b), position(x, c), position(x, d));
}

bool is_left_handed(const float* x, const ChiralCentre& centre) {
  const Vec3 ca = position(x, centre.ca);
  return dot(cross(position(x, centre.n) - ca, position(x, centre.c) - ca), position(x, centre.cb) - ca) > 0;
}

CovalentGeometry::CovalentGeometry(const Structure& base) : torsions(backbone_torsions(base)) {
  for (const SideChainBond& bond : side_chain_bonds(base)) {
    if (bond.staggered) staggered.push_back(bond);
  }
  const std::vector<float> coordinates = base.coordinates();
  const float* const x = coordinates.data();
  const auto distance = [&](int i, int j) { return norm(position(x, i) - position(x, j)); };
  const auto near = [&](int i, int j) {
    const double a = covalent_radius(base.atoms[i].atomic_number), b = covalent_radius(base.atoms[j].atomic_number);
    return a > 0 && b > 0 && distance(i, j) < a + b + kTolerance;
  };
  std::vector<int> sulphurs;
  std::vector<std::vector<int>> neighbours(base.atom_count());
  const auto join = [&](int i, int j) {
    bonds.push_back({i, j, distance(i, j)});
    neighbours[i].push_back(j);
    neighbours[j].push_back(i);
  };
  for (int r = 0; r < base.residue_count(); ++r) {
    const Residue& residue = base.residues[r];
    const int first = residue.first_atom, end = first + residue.atom_count;
    for (int i = first; i < end; ++i) {
      for (int j = i + 1; j < end; ++j) {
        if (near(i, j)) join(i, j);
      }
      if (base.atoms[i].atomic_number != 16) continue;
      for (const int other : sulphurs) {
        if (base.atoms[other].residue != r && near(other, i)) join(other, i);
      }
      sulphurs.push_back(i);
    }
    if (r == 0 || !residue.bonded_to_previous) continue;
    for (const auto& [before, after] : {std::pair("C", "N"), std::pair("O3'", "P")}) {
      const int i = base.find_atom(r - 1, before), j = base.find_atom(r, after);
      if (i >= 0 && j >= 0) join(i, j);
    }
  }
  for (int j = 0; j < base.atom_count(); ++j) {
    for (size_t a = 0; a < neighbours[j].size(); ++a) {
      for (size_t b = a + 1; b < neighbours[j].size(); ++b) {
        const int i = neighbours[j][a], k = neighbours[j][b];
        angles.push_back({i, j, k, bond_angle(x, i, j, k), ideal_angle(base, i, j, k)});
      }
    }
  }
  for (int r = 0; r < base.residue_count(); ++r) {
    if (base.residues[r].kind != ResidueKind::protein) continue;
    const int n = base.find_atom(r, "N"), ca = base.find_atom(r, "CA"), c = base.find_atom(r, "C"), cb = base.find_atom(r, "CB");
    if (n < 0 || ca < 0 || c < 0) continue;
    if (cb >= 0) centres.push_back({ca, n, c, cb});
    if (r == 0 || !base.residues[r].bonded_to_previous) continue;
    const int c_before = base.find_atom(r - 1, "C"), ca_before = base.find_atom(r - 1, "CA");
    if (c_before < 0) continue;
    if (ca_before >= 0) planes.push_back({ca_before, c_before, n, ca});
  }
}

}  // namespace cryomer
