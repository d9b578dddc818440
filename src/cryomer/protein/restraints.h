// What holds neighbouring rigid residues together: distances across each peptide bond that fix its length, its two angles
// and its torsion omega, what holds caps (ACE, NME), the same for the O3'-P link of nucleic acids, and loose ties of ligands to what they touch.
#pragma once

#include <memory>
#include <vector>

#include "cryomer/kernels/backbone_torsions.h"
#include "cryomer/kernels/clashes.h"
#include "cryomer/kernels/distance_restraints.h"
#include "cryomer/ops/structure_energies.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

// Strengths are 1 / sigma^2 in 1/A^2, so that the energy is in nats: sigma 0.02 A for the bond, 0.05 A for the distances
// across its angles and torsion, 0.3 A for ties. Lengths are the base structure's own where they are near the ideal
// values of Engh & Huber 1991 (C-N 1.329 A), else the ideal.
std::vector<DistanceRestraint> chain_restraints(const Structure& structure);

// The C-N bonds alone, at 1.329 A, so that the energy is their mean squared deviation in A^2: the backbone continuity of
// Rosenbaum et al. 2021.
std::vector<DistanceRestraint> peptide_bonds(const Structure& structure);

// Which atoms may not come near each other: those of different residues that no bond joins, nearer than 3 A for two carbons, 2.6 A
// where a hydrogen bond may be. Disulphides of the structure may, and whatever is within 3 A of a ligand or an ion. Sigma 0.3 A.
ClashRules clash_rules(const Structure& structure);

// Where the backbone may turn to: the regions of structure/ramachandran.h, 5 degrees narrower on each side, and what the structure itself
// has where that is outside. Sigma 10 degrees.
BackboneTorsionRules backbone_torsion_rules(const Structure& structure);

// The backbone does not turn to the left-handed side of phi where the structure does not have it: the price of structure/ramachandran.h, in nats.
BackboneTorsionRules left_handed_rules(const Structure& structure);

// The staggered ones of the structure's side_chain_bonds, with a barrier of 5 nats (3 kcal/mol, as of ethane).
StaggeringRules staggering_rules(const Structure& structure);

}  // namespace cryomer
