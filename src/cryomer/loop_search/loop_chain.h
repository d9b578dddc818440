// A stretch of a protein chain that hangs between two fixed ends, or on one of them at the end of a chain: it has the backbone
// torsions phi and psi and those of its side chains to move by. Bond lengths and angles stay as they are.
#pragma once

#include <memory>
#include <vector>

#include "cryomer/base/random.h"
#include "cryomer/structure/side_chain_bonds.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

class LoopChain {
 public:
  // Residues [first, last] of the structure. Fails unless they are protein, bonded in a row and held at one end at least.
  LoopChain(const Structure& structure, int first, int last);

  int atom_count() const;  // those of the stretch, in the structure's order
  const std::vector<Vec3>& positions() const { return positions_; }  // [atom_count() and some more]

  // Turns some torsions by chance, by about `size` radians, and closes the chain by others near them (cyclic coordinate descent:
  // Canutescu & Dunbrack 2003). False, and nothing is changed, when that does not close.
  bool move(double size, Random& random);
  // Turns the side chain of one residue by chance, about a random bond, which is staggered then if it is one that should be. False, and
  // nothing is changed, when the residue would fold onto itself.
  bool move_side_chain(Random& random);

  double gap() const;               // A, of the end that hangs on what follows; what stays is for restraints to close
  int ramachandran_outliers() const;
  double left_handed_price() const;  // nats, of structure/ramachandran.h
  int clashes() const;              // pairs of CA nearer than any two of a real chain, and residues that fold onto themselves

 private:
  struct Residue {
    int first_atom = 0;         // in positions_
    int n = 0, ca = 0, c = 0;   // in positions_
    std::vector<std::pair<int, int>> apart;  // its atoms that no bond or angle holds near each other
    std::vector<int> turned_by_phi, turned_by_psi;  // its own atoms; those of later residues turn, too
    bool phi_turns = true;      // not within a proline's ring, nor before the first atom of a chain
    std::string name;
  };
  struct Topology {
    std::vector<Residue> residues;
    std::vector<SideChainBond> side_chains;  // atoms are those of positions_
    int first = 0;  // residue of the structure
    int atoms = 0;
    bool held_before = false, held_after = false;
    Vec3 c_before;            // C of the residue before
    Vec3 n_after[3];          // N, CA, C of the residue after
  };
  // The three atoms of the frame of residue k; of what follows the stretch for k = residue count.
  void frame(int k, Vec3 out[3]) const;
  void turn(int k, bool psi, double angle);
  bool close(int first, int last, const Vec3 target[3], double tolerance);
  bool is_folded(const Residue& residue) const;
  // Calls visit(name, k) for each residue k that has both torsions.
  template <class Visit>
  void for_each_backbone_turn(const Visit& visit) const;
  double phi(int k) const;
  double psi(int k) const;

  std::shared_ptr<const Topology> topology_;
  std::vector<Vec3> positions_;  // atoms of the stretch, then N, CA, C of the residue after it, as the chain carries them
};

}  // namespace cryomer
