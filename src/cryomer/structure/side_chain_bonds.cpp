#include "cryomer/structure/side_chain_bonds.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/units.h"

namespace cryomer {

namespace {

bool is_heavier_than_oxygen(const Atom& atom) { return atom.atomic_number > 9; }

// Covalent bonds between heavy atoms are at most 1.6 A (C-C 1.54), with S, P or Se at most 2.05 A (C-Se 1.95).
bool are_bonded(const Atom& a, const Atom& b) {
  const double longest = is_heavier_than_oxygen(a) || is_heavier_than_oxygen(b) ? 2.1 : 1.75;
  return norm(a.position - b.position) < longest;
}

class ResidueGraph {
 public:
  ResidueGraph(const Structure& structure, int residue)
      : structure_(structure),
        residue_(residue),
        first_(structure.residues[size_t(residue)].first_atom),
        count_(structure.residues[size_t(residue)].atom_count),
        neighbours_(size_t(count_)) {
    for (int a = 0; a < count_; ++a) {
      for (int b = 0; b < a; ++b) {
        if (!are_bonded(atom(a), atom(b))) continue;
        neighbours_[size_t(a)].push_back(b);
        neighbours_[size_t(b)].push_back(a);
      }
    }
  }

  // Bonds met on the way out of `from`, which `before` leads to, through `about`: those of the tips first.
  void collect(int before, int from, int about, std::vector<SideChainBond>& result) const {
    const std::vector<int> beyond = atoms_beyond(from, about);
    if (beyond.empty()) return;  // a tip, or part of a ring
    for (const int next : neighbours_[size_t(about)]) {
      if (next != from) collect(from, about, next, result);
    }
    if (atom(from).name == "NE" && atom(about).name == "CZ") return;
    SideChainBond bond{residue_, first_ + from, first_ + about, {}, before < 0 ? -1 : first_ + before, first_ + beyond[0], false};
    for (const int a : beyond) bond.beyond.push_back(first_ + a);
    bond.staggered = before >= 0 && !is_flat(from, about) && !is_flat(about, from);
    result.push_back(std::move(bond));
  }

  int find(const char* name) const {
    for (int a = 0; a < count_; ++a) {
      if (atom(a).name == name) return a;
    }
    return -1;
  }

 private:
  const Atom& atom(int a) const { return structure_.atoms[size_t(first_ + a)]; }

  // Atoms, other than `about`, that hang on `about` when its bond with `from` is cut, its neighbours first; none when the bond closes a ring.
  std::vector<int> atoms_beyond(int from, int about) const {
    std::vector<int> reached = {about};
    for (size_t k = 0; k < reached.size(); ++k) {
      for (const int next : neighbours_[size_t(reached[k])]) {
        if (reached[k] == about && next == from) continue;
        if (next == from) return {};
        if (std::find(reached.begin(), reached.end(), next) == reached.end()) reached.push_back(next);
      }
    }
    reached.erase(reached.begin());
    return reached;
  }

  // Whether the bonds of an atom lie in a plane, as those next to a double bond do. Tetrahedral angles reach 116 degrees (leucine's CB);
  // three of them that are no plane add up to 330.
  bool is_flat(int a, int one) const {
    std::vector<Vec3> bonds = {atom(one).position - atom(a).position};
    for (const int other : neighbours_[size_t(a)]) {
      if (other != one) bonds.push_back(atom(other).position - atom(a).position);
    }
    auto angle = [&](size_t i, size_t j) { return degrees(std::acos(std::clamp(dot(normalized(bonds[i]), normalized(bonds[j])), -1.0, 1.0))); };
    if (bonds.size() == 2) return angle(0, 1) > 120;
    return bonds.size() == 3 && angle(0, 1) + angle(0, 2) + angle(1, 2) > 350;
  }

  const Structure& structure_;
  int residue_, first_, count_;
  std::vector<std::vector<int>> neighbours_;
};

}  // namespace

std::vector<SideChainBond> side_chain_bonds(const Structure& structure) {
  std::vector<SideChainBond> result;
  for (int r = 0; r < structure.residue_count(); ++r) {
    if (structure.residues[size_t(r)].kind != ResidueKind::protein) continue;
    const ResidueGraph graph(structure, r);
    const int ca = graph.find("CA"), cb = graph.find("CB");
    if (ca >= 0 && cb >= 0) graph.collect(graph.find("N"), ca, cb, result);
  }
  return result;
}

double from_staggered(double torsion) {
  return std::fabs(std::remainder(torsion - kPi / 3, 2 * kPi / 3));
}

}  // namespace cryomer
