// gemmi's own readers as an independent opinion on what the files hold, ours and others'.
#include <gemmi/cif.hpp>
#include <gemmi/mmcif.hpp>
#include <gemmi/pdb.hpp>
#include <map>

#include "cryomer/base/text.h"
#include "cryomer/io/structure_file.h"
#include "io_testing.h"

namespace cryomer {
namespace {

gemmi::Structure read_with_gemmi(const std::string& path) {
  return ends_with(path, ".cif") ? gemmi::make_structure(gemmi::cif::read_file(path))
                                 : gemmi::read_pdb_file(path);
}

// Position and element of every heavy atom that is no water and has no alternate, by label.
std::map<std::string, std::pair<Vec3, int>> atoms_by_gemmi(const std::string& path) {
  std::map<std::string, std::pair<Vec3, int>> atoms;
  const gemmi::Structure structure = read_with_gemmi(path);
  for (const gemmi::Chain& chain : structure.models.at(0).chains) {
    for (const gemmi::Residue& residue : chain.residues) {
      if (residue.is_water()) continue;
      for (const gemmi::Atom& atom : residue.atoms) {
        if (atom.altloc != '\0' || atom.is_hydrogen()) continue;
        const std::string code = residue.seqid.icode == ' ' ? "" : std::string(1, residue.seqid.icode);
        atoms[formatted("{}/{}{}/{}", chain.name, residue.seqid.num.value, code, atom.name)] = {
            {atom.pos.x, atom.pos.y, atom.pos.z}, atom.element.atomic_number()};
      }
    }
  }
  return atoms;
}

void expect_agreement(const std::string& path) {
  SCOPED_TRACE(path);
  const Structure s = read_structure(path);
  const auto theirs = atoms_by_gemmi(path);
  EXPECT_GT(theirs.size(), s.atoms.size() * 9 / 10);
  for (const auto& [label, atom] : theirs) {
    const int i = find_labelled_atom(s, label);
    EXPECT_LT(norm(s.atoms[i].position - atom.first), 1e-9) << label;
    EXPECT_EQ(s.atoms[i].atomic_number, atom.second) << label;
  }
}

TEST(GemmiComparison, AgreesOnTheFixtures) {
  expect_agreement(testing::fixture("small.pdb"));
  expect_agreement(testing::fixture("small.cif"));
}

TEST(GemmiComparison, ReadsWhatWeWrite) {
  const Structure s = read_structure(testing::fixture("small.pdb"));
  for (const char* name : {"/a.pdb", "/a.cif"}) {
    const std::string path = testing::scratch_folder() + name;
    write_structure(path, s);
    EXPECT_EQ(atoms_by_gemmi(path).size(), s.atoms.size());
    expect_agreement(path);
  }
}

TEST(GemmiComparison, AgreesOnRealStructures) {
  CRYOMER_NEEDS_SHARED_DATA("adk");
  for (const char* name :
       {"adk/1ake.pdb", "adk/1AKE.cif", "adk/4ake.pdb", "aurka/1ol5.pdb", "aurka/5l8k.pdb"}) {
    expect_agreement(testing::shared_data(name));
  }
}

}  // namespace
}  // namespace cryomer
