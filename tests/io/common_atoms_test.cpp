#include "cryomer/io/common_atoms.h"

#include <algorithm>
#include <functional>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/format.h"
#include "cryomer/base/text.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/io/trajectory.h"
#include "testing.h"

namespace cryomer {
namespace {

std::string with_lines(const std::string& text, const std::function<bool(const std::string&)>& keep) {
  std::string result;
  for (const std::string& line : split(text, '\n')) {
    if (keep(line)) result += line + "\n";
  }
  return result;
}

TEST(CommonAtoms, AreFoundByName) {
  const Structure whole = read_structure(testing::fixture("small.pdb"));
  const std::string path = testing::scratch_folder() + "/ca.pdb";
  write_structure(path, whole);
  EXPECT_EQ(int(atoms_in_trajectory(path, whole).size()), whole.atom_count());
  write_file_atomically(path, with_lines(read_file(path), [](const std::string& line) {
                          return line.size() < 16 || line.substr(0, 4) != "ATOM" || line.substr(12, 4) == " CA ";
                        }));
  const std::vector<int> kept = atoms_in_trajectory(path, whole);
  EXPECT_LT(int(kept.size()), whole.atom_count());
  for (const int atom : atoms_of(whole, AtomSet::ca)) EXPECT_TRUE(std::count(kept.begin(), kept.end(), atom)) << atom;
  const Structure reduced = restricted(whole, kept);
  EXPECT_EQ(reduced.atom_count(), int(kept.size()));
  EXPECT_EQ(atoms_of(reduced, AtomSet::ca).size(), atoms_of(whole, AtomSet::ca).size());
  EXPECT_EQ(read_ensemble(path, reduced).size(), 1);
  EXPECT_NE(
      describe_left_out(whole, kept).find(formatted("{} of {} atoms: ", whole.atom_count() - int(kept.size()), whole.atom_count())),
      std::string::npos);
}

TEST(CommonAtoms, LeaveABreakWhereAResidueIsGone) {
  const Structure whole = read_structure(testing::fixture("small.pdb"));
  int gone = -1;
  for (int r = 1; r + 1 < whole.residue_count() && gone < 0; ++r) {
    if (whole.residues[r].bonded_to_previous && whole.residues[r + 1].bonded_to_previous) gone = r;
  }
  ASSERT_GE(gone, 0);
  std::vector<int> kept;
  for (int a = 0; a < whole.atom_count(); ++a) {
    if (whole.atoms[a].residue != gone) kept.push_back(a);
  }
  const Structure reduced = restricted(whole, kept);
  EXPECT_EQ(reduced.residue_count(), whole.residue_count() - 1);
  EXPECT_FALSE(reduced.residues[gone].bonded_to_previous);
  EXPECT_EQ(reduced.atoms[reduced.residues[gone].first_atom].name, whole.atoms[whole.residues[gone + 1].first_atom].name);
}

TEST(CommonAtoms, OfAnotherProteinAreRefused) {
  CRYOMER_NEEDS_SHARED_DATA("adk/1ake.pdb");
  CRYOMER_NEEDS_SHARED_DATA("aurka/base.pdb");
  const Structure kinase = read_structure(testing::shared_data("aurka/base.pdb"));
  const std::string message = testing::error_of([&] { atoms_in_trajectory(testing::shared_data("adk/1ake.pdb"), kinase); });
  EXPECT_NE(message.find("seems to be of another protein"), std::string::npos) << message;
  EXPECT_NE(message.find(" is "), std::string::npos) << message;
  // Two crystal structures of one protein share most.
  const Structure closed = read_structure(testing::shared_data("adk/1ake.pdb"));
  EXPECT_GT(int(atoms_in_trajectory(testing::shared_data("adk/4ake.pdb"), closed).size()), 3000);
}

TEST(CommonAtoms, OfADcdWithoutNamesAreAll) {
  const Structure whole = read_structure(testing::fixture("small.pdb"));
  const std::string path = testing::scratch_folder() + "/e.dcd";
  Ensemble ensemble;
  ensemble.atom_count = whole.atom_count();
  ensemble.append(whole.coordinates().data());
  write_ensemble(path, whole, ensemble);
  EXPECT_EQ(int(atoms_in_trajectory(path, whole).size()), whole.atom_count());
  std::remove((path.substr(0, path.size() - 3) + "pdb").c_str());
  EXPECT_EQ(int(atoms_in_trajectory(path, whole).size()), whole.atom_count());
  EXPECT_NE(testing::error_of([&] { atoms_in_trajectory(path + "x", whole); }).find("no such file"), std::string::npos);
}

}  // namespace
}  // namespace cryomer
