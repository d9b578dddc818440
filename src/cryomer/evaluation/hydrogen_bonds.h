// Backbone hydrogen bonds of helices and sheets, by the electrostatic energy and the patterns of Kabsch and
// Sander 1983.
#pragma once

#include <vector>

#include "cryomer/structure/structure.h"

namespace cryomer {

enum class SecondaryStructure { helix, strand };

// C=O of residue `acceptor` with N-H of residue `donor`.
struct BackboneHydrogenBond {
  SecondaryStructure kind = SecondaryStructure::helix;
  int acceptor = 0, donor = 0;               // residues
  int carbon = 0, oxygen = 0, nitrogen = 0;  // atoms: C and O of the acceptor, N of the donor
  int carbon_before_donor = 0,
      oxygen_before_donor = 0;  // atoms: C and O of the residue before the donor place its H
};

// Bonds of the structure's helices and sheets: energy below -0.5 kcal/mol, and either one of two consecutive
// turns i -> i+n (n = 3, 4 or 5, all residues bonded in a row), or one of a ladder's bridge, parallel or
// antiparallel. Turns on their own, bulges and other isolated bonds are not among them. Prolines and residues
// without the atoms have no N-H.
std::vector<BackboneHydrogenBond> secondary_structure_bonds(const Structure& structure);

// kcal/mol, in the conformation [atoms][3]; the amide H lies 1 A from N, opposite to the C=O before it.
double hydrogen_bond_energy(const BackboneHydrogenBond& bond, const float* coordinates);

inline constexpr double kHydrogenBondEnergy = -0.5;  // kcal/mol; a bond is below it

}  // namespace cryomer
