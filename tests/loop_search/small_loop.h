// Helices side by side, one of which has a loop of ten residues in its middle: another for every seed.
#pragma once

#include "cryomer/loop_search/loop_chain.h"
#include "evaluation/small_structures.h"

namespace cryomer::testing {

inline constexpr int kLoopFirst = 9, kLoopLast = 18;  // residues

inline Structure helix_with_loop(uint64_t seed) {
  Structure s = polyalanine(28);
  LoopChain loop(s, kLoopFirst, kLoopLast);
  Random random(seed);
  for (int i = 0; i < 600; ++i) {
    LoopChain next = loop;
    if (next.move(0.4, random) && next.clashes() == 0 && next.left_handed_price() == 0) loop = next;
  }
  const Structure straight = polyalanine(28);
  const Vec3 axis = straight.atoms[size_t(straight.find_atom(27, "CA"))].position - straight.atoms[1].position;
  const Vec3 aside = 10.0 * normalized(cross(axis, {0, 0, 1}));
  for (int a = 0; a < loop.atom_count(); ++a) s.atoms[size_t(s.residues[kLoopFirst].first_atom + a)].position = loop.positions()[size_t(a)];
  for (const Residue& residue : straight.residues) {
    add_residue(s, "B", residue.number, residue.name, residue.bonded_to_previous);
    for (int a = residue.first_atom; a < residue.first_atom + residue.atom_count; ++a) {
      add_atom(s, straight.atoms[size_t(a)].name, straight.atoms[size_t(a)].atomic_number, straight.atoms[size_t(a)].position + aside);
    }
  }
  return s;
}

// Root-mean-square distance of the loop's atoms, the ends being the same.
inline double loop_distance(const Structure& a, const Structure& b) {
  double sum = 0;
  int atoms = 0;
  for (int i = a.residues[kLoopFirst].first_atom; i < a.residues[kLoopLast + 1].first_atom; ++i, ++atoms) {
    const Vec3 d = a.atoms[size_t(i)].position - b.atoms[size_t(i)].position;
    sum += dot(d, d);
  }
  return std::sqrt(sum / atoms);
}

}  // namespace cryomer::testing
