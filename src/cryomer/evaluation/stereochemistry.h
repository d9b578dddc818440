// Whether conformations look like a protein: peptide bonds, clashes, and the hydrogen bonds of helices and
// sheets.
#pragma once

#include <vector>

#include "cryomer/structure/ensemble.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

// Averages over an ensemble. NaN where the base has nothing to judge by (no peptide bond, no hydrogen bond of
// that kind).
struct Stereochemistry {
  double bond_rms_deviation = 0;        // A, C-N of peptide bonds against the base structure's own lengths
  double bond_rms_deviation_ideal = 0;  // A, against 1.329 A (Engh and Huber 1991)
  double clashes_per_1000_atoms = 0;    // see clashes.h; over at most 1000 conformations, evenly spread
  // Fractions of the base's bonds (see hydrogen_bonds.h) that are still below -0.5 kcal/mol.
  double hydrogen_bonds_kept = 0, helix_bonds_kept = 0, strand_bonds_kept = 0;
  int helix_bond_count = 0, strand_bond_count = 0;  // of the base
};

// `weights` has one weight per conformation, or none for equal ones. Runs on all threads of libtorch.
Stereochemistry stereochemistry(const Structure& base, const Ensemble& ensemble,
                                const std::vector<double>& weights = {});

}  // namespace cryomer
