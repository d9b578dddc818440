// What a structure and a trajectory of it have in common, when they do not hold the same atoms.
#pragma once

#include <string>
#include <vector>

#include "cryomer/structure/structure.h"

namespace cryomer {

// Ascending indices of the structure's atoms that the trajectory names: those of the first model of a PDB or mmCIF file, or of
// the topology of a DCD (`topology`, or the file of the same name beside it). All atoms where a DCD has no names. Fails, saying
// why, when the file has next to nothing of the structure, or its residues are of another protein.
std::vector<int> atoms_in_trajectory(const std::string& path, const Structure& structure, const std::string& topology = "");

// The structure with these atoms only; residues that lose all of theirs go.
Structure restricted(const Structure& structure, const std::vector<int>& atoms);

// "12 of 2177 atoms: A/123/OXT, ...", for messages.
std::string describe_left_out(const Structure& structure, const std::vector<int>& kept);

}  // namespace cryomer
