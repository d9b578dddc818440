// Structures and ensembles made by hand for the tests of this layer.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "cryomer/base/random.h"
#include "cryomer/base/units.h"
#include "cryomer/geometry/rotation.h"
#include "cryomer/geometry/superpose.h"
#include "cryomer/structure/ensemble.h"
#include "cryomer/structure/structure.h"

namespace cryomer::testing {

inline void add_atom(Structure& structure, const std::string& name, int atomic_number, Vec3 position) {
  Atom atom;
  atom.name = name;
  atom.atomic_number = atomic_number;
  atom.position = position;
  atom.residue = structure.residue_count() - 1;
  atom.file_index = structure.atom_count();
  structure.atoms.push_back(atom);
  ++structure.residues.back().atom_count;
}

inline void add_residue(Structure& structure, const std::string& chain, int number, const std::string& name,
                        bool bonded_to_previous, ResidueKind kind = ResidueKind::protein) {
  Residue residue;
  residue.chain = chain;
  residue.number = number;
  residue.name = name;
  residue.kind = kind;
  residue.first_atom = structure.atom_count();
  residue.bonded_to_previous = bonded_to_previous;
  structure.residues.push_back(residue);
  structure.source = "by hand";
}

// The point at `length` from c with the given angle b-c-d and torsion a-b-c-d (radians).
inline Vec3 placed(Vec3 a, Vec3 b, Vec3 c, double length, double angle, double torsion) {
  const Vec3 bc = normalized(c - b), n = normalized(cross(b - a, bc)), m = cross(n, bc);
  return c + length * (-std::cos(angle) * bc + std::sin(angle) * std::cos(torsion) * m +
                       std::sin(angle) * std::sin(torsion) * n);
}

// Lets the CB of the last residue go on as `atoms` (name, atomic number), each bonded to the one before it, all torsions 180 degrees.
inline void add_tail(Structure& structure, const std::vector<std::pair<std::string, int>>& atoms) {
  auto at = [&](const char* name) { return structure.atoms[size_t(structure.find_atom(structure.residue_count() - 1, name))].position; };
  Vec3 a = at("N"), b = at("CA"), c = at("CB");
  for (const auto& [name, number] : atoms) {
    const Vec3 next = placed(a, b, c, number == 16 ? 1.81 : 1.52, radians(112), radians(180));
    add_atom(structure, name, number, next);
    a = b;
    b = c;
    c = next;
  }
}

// Residues 1..count of chain A with N, CA, C, O, CB (serine: OG) and the given torsions (degrees); omega and chi1 180.
inline Structure polypeptide(const std::string& residue, int count, double phi, double psi) {
  Structure structure;
  Vec3 n{0, 0, 0}, ca{1.458, 0, 0}, c{2.009, 1.42, 0};
  for (int r = 0; r < count; ++r) {
    add_residue(structure, "A", r + 1, residue, r > 0);
    if (r > 0) {
      const Vec3 last_n = n, last_ca = ca, last_c = c;
      n = placed(last_n, last_ca, last_c, 1.329, radians(116.2), radians(psi));
      ca = placed(last_ca, last_c, n, 1.458, radians(121.7), radians(180));
      c = placed(last_c, n, ca, 1.525, radians(111.0), radians(phi));
    }
    add_atom(structure, "N", 7, n);
    add_atom(structure, "CA", 6, ca);
    add_atom(structure, "C", 6, c);
    add_atom(structure, "O", 8, placed(n, ca, c, 1.231, radians(120.5), radians(psi + 180)));
    const Vec3 cb = placed(c, n, ca, 1.53, radians(110.5), radians(238));
    add_atom(structure, "CB", 6, cb);
    if (residue == "SER") add_atom(structure, "OG", 8, placed(n, ca, cb, 1.42, radians(110.8), radians(180)));
  }
  return structure;
}

inline Structure polyalanine(int count, double phi = -57, double psi = -47) { return polypeptide("ALA", count, phi, psi); }
inline Structure polyserine(int count) { return polypeptide("SER", count, -57, -47); }

// `count` conformations near `centre` ([atoms][3]): each atom moved by `spread` A, then the whole rotated and
// shifted.
inline Ensemble perturbed(const std::vector<float>& centre, int count, double spread, Random& random) {
  Ensemble ensemble;
  ensemble.atom_count = static_cast<int64_t>(centre.size()) / 3;
  for (int i = 0; i < count; ++i) {
    const Mat3 rotation = random_rotation(random);
    const Vec3 shift{10 * random.normal(), 10 * random.normal(), 10 * random.normal()};
    std::vector<float> moved(centre.size());
    for (size_t a = 0; a < centre.size(); a += 3) {
      Vec3 x{centre[a], centre[a + 1], centre[a + 2]};
      for (int k = 0; k < 3; ++k) x[k] += spread * random.normal();
      x = rotation * x + shift;
      for (int k = 0; k < 3; ++k) moved[a + k] = static_cast<float>(x[k]);
    }
    ensemble.append(moved.data());
  }
  return ensemble;
}

// Points normally distributed with this radius of gyration per axis.
inline std::vector<float> cloud(int atoms, double radius, Random& random) {
  std::vector<float> points(3 * atoms);
  for (float& x : points) x = static_cast<float>(radius * random.normal());
  return points;
}

inline std::vector<int> all_atoms(int64_t count) {
  std::vector<int> atoms(count);
  for (int64_t i = 0; i < count; ++i) atoms[i] = static_cast<int>(i);
  return atoms;
}

}  // namespace cryomer::testing
