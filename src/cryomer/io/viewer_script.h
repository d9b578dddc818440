// Scripts that open what Cryomer wrote in UCSF ChimeraX (.cxc) and PyMOL (.pml), and make it move. Files are named relative to the
// script, which stands in the same folder as they do.
#pragma once

#include <string>
#include <vector>

namespace cryomer {

// One file for a viewer to open.
struct ViewedFile {
  std::string name;      // "path.pdb": a multi-model PDB or mmCIF, a DCD with its topology of the same name, or an .mrc map
  std::string topology;  // of a DCD: "path.pdb"
  int64_t count = 1;     // conformations
  // How a trajectory is shown: as an ordered path, played back and forth; or as separate states, morphed from one to the next.
  enum class Kind { path, states, map } kind = Kind::path;
};

std::string chimerax_script(const std::vector<ViewedFile>& files);
std::string pymol_script(const std::vector<ViewedFile>& files);

// NAME.cxc and NAME.pml for the trajectory at `path`.
std::vector<std::string> viewer_script_names(const std::string& path);
// Writes NAME.cxc and NAME.pml beside a trajectory that was written to `path` (.dcd, .pdb, .cif).
void write_viewer_scripts(const std::string& path, int64_t count, ViewedFile::Kind kind);

}  // namespace cryomer
