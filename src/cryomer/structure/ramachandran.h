// Backbone torsions that proteins hardly ever have.
//
// A coarse map: rectangles in (phi, psi) around the regions that Ramachandran and Sasisekharan 1968 found open to a chain of
// hard spheres and crystal structures fill (beta sheet and polyproline, right-handed helix and the bridge between them,
// left-handed helix, and the corner of turns of type II'). Glycine has them, their mirror image, and all
// stretched chains; proline those within its ring's reach. Real residues outside are rare but not impossible, and corners inside
// are not all populated: the figure is for comparing an ensemble with its truth or its base structure, not for validating one
// structure, which is the business of contours from many crystal structures (Lovell et al. 2003).
#pragma once

#include <string>

namespace cryomer {

// phi and psi in radians; `residue` is the three-letter name.
bool is_ramachandran_outlier(const std::string& residue, double phi, double psi);

}  // namespace cryomer
