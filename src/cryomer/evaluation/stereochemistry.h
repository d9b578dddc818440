// Whether conformations look like a protein: bonds, angles, hands, peptide planes, torsions, clashes, and
// the hydrogen bonds of helices and sheets.
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
  // Of all covalent bonds and angles (see covalent_geometry.h), against the base structure's own.
  double all_bonds_rms_deviation = 0;             // A
  double angle_rms_deviation = 0;                 // degrees
  double backbone_angle_rms_deviation_ideal = 0;  // degrees, backbone angles against Engh and Huber 1991
  double wrong_hands = 0;                         // fraction of the amino acids with CB whose CA is a mirror image (D)
  double twisted_peptides = 0;                    // fraction of peptide planes turned by more than 30 degrees from cis and trans
  double ramachandran_outliers = 0;               // fraction of residues, see ramachandran.h
  double left_handed_residues = 0;                // fraction of the residues but glycine, phi above 0
  double eclipsed_side_chains = 0;                // fraction of the torsions that should be staggered, more than 30 degrees from that (side_chain_bonds.h)
  int bond_count = 0, angle_count = 0, centre_count = 0, plane_count = 0, torsion_count = 0, staggered_count = 0;  // of the base
};

// `weights` has one weight per conformation, or none for equal ones. Runs on all threads of libtorch.
Stereochemistry stereochemistry(const Structure& base, const Ensemble& ensemble,
                                const std::vector<double>& weights = {});

}  // namespace cryomer
