// Structures from and to files: PDB and mmCIF, either gzipped.
#pragma once

#include <string>

#include "cryomer/structure/structure.h"

namespace cryomer {

// Reads the first model. Keeps the heavy atoms of protein, nucleic acids, ligands and ions; drops waters and hydrogens.
// Of alternates one conformer is kept per residue: the best occupied, the first on a tie. What the file names wrongly or
// not at all is repaired: atom names that start a column early (CA read as calcium), chains without names (A, or one name
// for each segment or copy), modified residues listed after their chain. Logs in one line what was kept and what was
// dropped, and warns of amino acids without backbone and of numbers given twice. Fails when there is no protein.
Structure read_structure(const std::string& path);

// Writes one conformation ([atoms][3], A; nullptr: the structure's own) as .pdb or .cif by the name's ending. PDB holds
// chain names of one or two letters and coordinates from -999.999 to 9999.999 A, and numbers beyond its columns as
// hybrid-36; mmCIF holds anything.
void write_structure(const std::string& path, const Structure& structure, const float* coordinates = nullptr);
bool is_structure_name(const std::string& path);  // whether its ending can be written

}  // namespace cryomer
