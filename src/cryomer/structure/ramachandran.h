// Backbone torsions, and which of them proteins hardly ever have.
//
// A coarse map: rectangles in (phi, psi) around the regions that Ramachandran and Sasisekharan 1968 found open to a chain of
// hard spheres and crystal structures fill (beta sheet and polyproline, right-handed helix and the bridge between them,
// left-handed helix, and the corner of turns of type II'). Glycine has them, their mirror image, and all
// stretched chains; proline those within its ring's reach. Real residues outside are rare but not impossible, and corners inside
// are not all populated: the figure is for comparing an ensemble with its truth or its base structure, not for validating one
// structure, which is the business of contours from many crystal structures (Lovell et al. 2003).
#pragma once

#include <string>
#include <vector>

#include "cryomer/structure/structure.h"

namespace cryomer {

// A rectangle of (phi, psi): degrees, highs beyond 180 are meant modulo 360.
struct RamachandranRegion {
  double phi_low = 0, phi_high = 0, psi_low = 0, psi_high = 0;
  bool contains(double phi, double psi) const;
};

// Those open to a residue; `residue` is the three-letter name.
const std::vector<RamachandranRegion>& ramachandran_regions(const std::string& residue);

// phi and psi in radians.
bool is_ramachandran_outlier(const std::string& residue, double phi, double psi);

// Whether phi above 0 says anything of the residue; of glycine it does not.
bool can_be_left_handed(const std::string& residue);

// Nats that phi above 0 costs, where CB meets the residue's own oxygen: coarsely, as if one in twenty of most amino acids had it, one in seven of
// asparagine and aspartate, which do so most often, and one in ninety of those that branch at CB, which hardly do. 0 for glycine.
double left_handed_price(const std::string& residue);

// The atoms of phi and psi of one residue.
struct BackboneTorsions {
  int residue = 0;
  int c_before = 0, n = 0, ca = 0, c = 0, n_after = 0;
};

// Of every amino acid that is joined to one before and one after it.
std::vector<BackboneTorsions> backbone_torsions(const Structure& structure);

}  // namespace cryomer
