#include "cryomer/io/atom_records.h"

#include <filesystem>

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"
#include "cryomer/io/coordinate_text.h"

namespace cryomer {

bool same_atom(const AtomRecord& a, const AtomRecord& b) {
  return a.residue_number == b.residue_number && a.insertion_code == b.insertion_code &&
         a.alternate == b.alternate && a.name == b.name && a.residue_name == b.residue_name &&
         a.chain == b.chain && a.segment == b.segment;
}

namespace {

// mmCIF begins with data_NAME, after comments; no PDB record does.
bool is_mmcif(const std::string& path) {
  LineReader lines(path);
  std::string line;
  while (lines.next(line)) {
    const std::string_view text = trimmed(line);
    if (text.empty() || text.front() == '#') continue;
    return starts_with(lower(text.substr(0, 5)), "data_");
  }
  return false;
}

}  // namespace

void for_each_model(const std::string& path,
                    const std::function<bool(const std::vector<AtomRecord>&)>& visit) {
  const bool mmcif = is_mmcif(path);
  LineReader lines(path);
  const int64_t models = mmcif ? read_mmcif_models(lines, visit) : read_pdb_models(lines, visit);
  if (models > 0) return;
  fail("{} holds no atoms: {}. Expected a PDB file (.pdb) or mmCIF (.cif), either may be gzipped (.gz)", path,
       mmcif ? "it is a CIF file without a table _atom_site" : "no line begins with ATOM or HETATM");
}

}  // namespace cryomer
