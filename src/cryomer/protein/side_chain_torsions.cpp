#include "cryomer/protein/side_chain_torsions.h"

#include <algorithm>

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
      : structure_(structure), first_(structure.residues[residue].first_atom), count_(structure.residues[residue].atom_count), neighbours_(count_) {
    for (int a = 0; a < count_; ++a) {
      for (int b = 0; b < a; ++b) {
        if (!are_bonded(atom(a), atom(b))) continue;
        neighbours_[a].push_back(b);
        neighbours_[b].push_back(a);
      }
    }
  }

  // Torsions met on the way out of `from` through `about`, those of the tips first.
  void collect(int from, int about, SideChains& result) const {
    const std::vector<int> beyond = atoms_beyond(from, about);
    if (beyond.empty()) return;  // a tip, or part of a ring
    for (const int next : neighbours_[about]) {
      if (next != from) collect(about, next, result);
    }
    if (is_planar(from, about)) return;
    Torsion torsion{first_ + from, first_ + about, static_cast<int>(result.moved.size()), 0};
    for (const int a : beyond) result.moved.push_back(first_ + a);
    torsion.last_moved = static_cast<int>(result.moved.size());
    result.torsions.push_back(torsion);
  }

  int find(const char* name) const {
    for (int a = 0; a < count_; ++a) {
      if (atom(a).name == name) return a;
    }
    return -1;
  }

 private:
  const Atom& atom(int a) const { return structure_.atoms[first_ + a]; }

  bool is_planar(int from, int about) const { return atom(from).name == "NE" && atom(about).name == "CZ"; }

  // Atoms, other than `about`, that hang on `about` when its bond with `from` is cut; none when the bond closes a ring.
  std::vector<int> atoms_beyond(int from, int about) const {
    std::vector<int> reached = {about};
    for (size_t k = 0; k < reached.size(); ++k) {
      for (const int next : neighbours_[reached[k]]) {
        if (reached[k] == about && next == from) continue;
        if (next == from) return {};
        if (std::find(reached.begin(), reached.end(), next) == reached.end()) reached.push_back(next);
      }
    }
    reached.erase(reached.begin());
    return reached;
  }

  const Structure& structure_;
  int first_, count_;
  std::vector<std::vector<int>> neighbours_;
};

}  // namespace

SideChains side_chain_torsions(const Structure& structure) {
  SideChains result;
  for (int r = 0; r < structure.residue_count(); ++r) {
    if (structure.residues[r].kind != ResidueKind::protein) continue;
    const ResidueGraph graph(structure, r);
    const int ca = graph.find("CA"), cb = graph.find("CB");
    if (ca >= 0 && cb >= 0) graph.collect(ca, cb, result);
  }
  return result;
}

}  // namespace cryomer
