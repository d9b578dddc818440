// Which element an atom is, whatever the file got wrong: names that start one column early (CA of alanine
// read as calcium, HG as mercury), an empty element column, calcium ions that are none the less calcium.
#pragma once

#include <vector>

#include "cryomer/io/atom_records.h"

namespace cryomer {

// True when amino acids have names such as "CA  " instead of " CA ", so that the alignment says nothing.
bool names_are_misaligned(const std::vector<AtomRecord>& atoms);

// The atomic number; 1 for hydrogen and deuterium, 0 when it cannot be told. `peptide_like`: the residue has
// atoms N, CA and C. `aligned`: PDB columns 13-14 can be trusted.
int atomic_number_of(const AtomRecord& atom, bool peptide_like, bool aligned);

}  // namespace cryomer
