// Which atom of one structure is which of another, by chain, residue number, insertion code and atom name.
#pragma once

#include <vector>

#include "cryomer/structure/structure.h"

namespace cryomer {

// For every atom of `structure` the index of the same atom in `other`. Chains of other names are matched in
// their order when no name is common and there are equally many (said in the log); names of atoms that
// programs spell differently (OT1, O1P, ILE CD) count as equal. Fails with the labels that are missing and
// the likely reason.
std::vector<int> match_atoms(const Structure& structure, const Structure& other);
// The same, with -1 for those that are missing.
std::vector<int> find_atoms(const Structure& structure, const Structure& other);

}  // namespace cryomer
