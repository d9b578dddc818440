// Atoms that overlap although nothing joins them.
#pragma once

#include <cstdint>

#include "cryomer/kernels/clashes.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

// Counts pairs of heavy atoms closer than `cutoff` that belong to different residues which no bond joins. A
// pair that the base structure shows to be joined does not count: two sulphurs within 2.5 A (a disulphide),
// and any atom within the cutoff of one that is not part of a protein or nucleotide residue (a coordinated
// ion, a covalent ligand or glycan).
class ClashCounter {
 public:
  explicit ClashCounter(const Structure& base, double cutoff = 2.4);
  // [atom_count][3], A. Safe to call from threads.
  int64_t count(const float* coordinates) const;

 private:
  float cutoff_;      // A
  ClashRules rules_;  // for who may touch whom
};

}  // namespace cryomer
