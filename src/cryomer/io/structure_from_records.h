// From the atoms of a file to a Structure: which atoms are kept, which residues they form, and what kind
// those are.
#pragma once

#include <string>
#include <vector>

#include "cryomer/io/atom_records.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

struct DroppedAtoms {
  int waters = 0;      // molecules
  int hydrogens = 0;   // atoms, deuterium too; those of waters not counted
  int alternates = 0;  // atoms of conformers that were not chosen
};

struct StructureReading {
  Structure structure;
  DroppedAtoms dropped;
  std::vector<std::string> incomplete;  // labels of amino acids that lack N, CA or C
  std::vector<std::string> repeated;    // labels that several residues share
  int unknown_elements = 0;             // atoms taken as carbon
};

// May give a structure without protein; the caller decides whether that is an error. Atoms without
// coordinates (PSF) are never bonded.
StructureReading structure_from_records(const std::vector<AtomRecord>& records, const std::string& source);

}  // namespace cryomer
