// Every atom of a coordinate file as the file has it, model by model and in file order: what PDB, mmCIF and
// PSF have in common. Nothing is interpreted yet; structure_from_records() does that. gemmi's own readers are
// not used because they gather the atoms of a residue (a trajectory counts in file order), read damaged
// numbers as zero, and take an mmCIF ensemble into memory whole.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cryomer/geometry/vec3.h"

namespace cryomer {

struct AtomRecord {
  std::string name;         // trimmed
  std::string padded_name;  // PDB: columns 13-16, where the element is told by the alignment; else empty
  std::string element;      // as written; empty when the file does not say
  std::string residue_name;
  std::string chain;    // empty when the file does not say
  std::string segment;  // PDB columns 73-76 (CHARMM's segid)
  int residue_number = 0;
  char insertion_code = ' ';
  char alternate = ' ';
  bool hetatm = false;
  // The file says that this residue is no link of a polymer: HETATM after the chain's TER, or no
  // label_seq_id.
  bool outside_polymer = false;
  int terminations = 0;  // TER records before this atom in its model
  Vec3 position;         // A; NaN where the format has no coordinates (PSF)
  double occupancy = 1;
  double b_factor = 0;  // A^2
};

// The same atom in another model of the file.
bool same_atom(const AtomRecord& a, const AtomRecord& b);

// Calls `visit` with the atoms of each model until it returns false. PDB (models between MODEL and ENDMDL, or
// ended by END as VMD writes them) or mmCIF, told by the content; either may be gzipped. Fails when there is
// no atom at all.
void for_each_model(const std::string& path,
                    const std::function<bool(const std::vector<AtomRecord>&)>& visit);

// The atoms of a PSF (CHARMM, NAMD, X-PLOR): names and numbers without coordinates; segments are the chains.
std::vector<AtomRecord> read_psf(const std::string& path);

}  // namespace cryomer
