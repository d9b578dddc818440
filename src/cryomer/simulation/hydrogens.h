// How many hydrogens sit on each heavy atom: structures here hold heavy atoms only, and hydrogens carry a fifth of a protein's
// forward scattering, so each is absorbed into its parent.
#pragma once

#include <vector>

#include "cryomer/structure/structure.h"

namespace cryomer {

// Amino acids and nucleotides by their names at neutral pH; other groups from the valences that short and long bonds leave open.
// [atoms]
std::vector<int> hydrogens_on_atoms(const Structure& structure);

}  // namespace cryomer
