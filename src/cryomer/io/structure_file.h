// Structures from and to files: PDB, mmCIF, either gzipped, through gemmi.
#pragma once

#include <string>

#include "cryomer/structure/structure.h"

namespace cryomer {

// Reads the first model. Keeps protein, nucleic acid and ligand heavy atoms; of alternates the best occupied (the first
// on a tie); drops waters and hydrogens. Repairs misaligned atom names (CA read as calcium). Logs in one line what was
// kept and what was dropped. Fails when there is no protein.
Structure read_structure(const std::string& path);

// Writes one conformation ([atoms][3], A; nullptr: the structure's own) as .pdb or .cif by the name's ending.
void write_structure(const std::string& path, const Structure& structure, const float* coordinates = nullptr);

}  // namespace cryomer
