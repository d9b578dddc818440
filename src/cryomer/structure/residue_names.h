// What a residue's name alone says: water, amino acid, nucleotide. The names of the wwPDB's component
// dictionary (as tabulated by gemmi) and those of the common molecular dynamics programs (HIE, HSD, CYX,
// TIP3, ADE, DA5, ...).
#pragma once

#include <string>

namespace cryomer {

bool is_water_name(const std::string& name);
// Also the names of water models (TIP3, SOL, SPC, ...), some of which are ligands in the wwPDB: look at the
// atoms too.
bool may_be_water_name(const std::string& name);
bool is_amino_acid_name(const std::string& name);  // modified ones of the table (MSE, TPO, SEP, ...) included
bool is_nucleotide_name(const std::string& name);
// One of the 20 amino acids or the nucleotides of RNA and DNA under its wwPDB name: an ATOM record, not
// HETATM.
bool is_standard_residue_name(const std::string& name);
// One of these under a name that it has in molecular dynamics only: a protonation state, a disulphide, an end of a chain.
bool is_standard_residue_of_simulations(const std::string& name);
// Heavy atoms of one of the 20 amino acids inside a chain (without OXT); 0 for any other name.
int heavy_atoms_of_amino_acid(const std::string& name);

}  // namespace cryomer
