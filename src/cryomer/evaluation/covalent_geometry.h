// Bonds, angles, hands and peptide planes of a structure, to be measured in other conformations of it.
#pragma once

#include <vector>

#include "cryomer/structure/ramachandran.h"
#include "cryomer/structure/side_chain_bonds.h"

namespace cryomer {

struct CovalentBond {
  int i = 0, j = 0;   // atoms
  double length = 0;  // A, in the base
};
struct BondAngle {
  int i = 0, j = 0, k = 0;  // atoms, j in the middle
  double angle = 0;         // radians, in the base
  double ideal = 0;         // radians, of backbone angles; 0: none is known
};
// An amino acid's CA with its N, C and CB.
struct ChiralCentre {
  int ca = 0, n = 0, c = 0, cb = 0;  // atoms
};
// CA-C-N-CA across a peptide bond.
struct PeptidePlane {
  int ca_before = 0, c = 0, n = 0, ca = 0;  // atoms
};

// What the base structure is held together by. Two atoms of a residue, or two sulphurs, are bonded when they are nearer than
// their covalent radii (Cordero et al. 2008) and 0.4 A; residues are joined by C-N and O3'-P where the structure says so.
struct CovalentGeometry {
  explicit CovalentGeometry(const Structure& base);

  std::vector<CovalentBond> bonds;
  std::vector<BondAngle> angles;
  std::vector<ChiralCentre> centres;
  std::vector<PeptidePlane> planes;
  std::vector<BackboneTorsions> torsions;
  std::vector<SideChainBond> staggered;  // those that should be
};

double bond_angle(const float* coordinates, int i, int j, int k);            // radians, 0 to pi
double torsion_angle(const float* coordinates, int a, int b, int c, int d);  // radians, -pi to pi, IUPAC sign
bool is_left_handed(const float* coordinates, const ChiralCentre& centre);   // L, as all amino acids of proteins

}  // namespace cryomer
