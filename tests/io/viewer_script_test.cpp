#include "cryomer/io/viewer_script.h"

#include <filesystem>

#include "cryomer/base/atomic_file.h"
#include "testing.h"

namespace cryomer {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(ViewerScript, PlaysAPathAndMorphsStates) {
  const std::string cxc =
      chimerax_script({{"path.pdb", "", 25, ViewedFile::Kind::path}, {"states.cif", "", 8, ViewedFile::Kind::states}});
  EXPECT_TRUE(has(cxc, "open \"path.pdb\" coordsets true\n"));
  EXPECT_TRUE(has(cxc, "coordset #1 1,-1 loop 20 bounce true\n"));
  EXPECT_TRUE(has(cxc, "open \"states.cif\"\n"));
  EXPECT_TRUE(has(cxc, "matchmaker #2.2-8 to #2.1\nmorph #2.1-8 frames 20 wrap true same true\n"));
  EXPECT_TRUE(has(cxc, "coordset #3 1,-1"));  // the morph is the next model
  const std::string pml = pymol_script({{"path.pdb", "", 25, ViewedFile::Kind::path}});
  EXPECT_TRUE(has(pml, "load path.pdb, path, multiplex=0\n"));
  EXPECT_TRUE(has(pml, "intra_fit path and name CA\n"));
  EXPECT_TRUE(has(pml, "mset 1 -25 24 -2\n"));
}

TEST(ViewerScript, OpensADcdOnItsTopologyAndAMap) {
  const std::vector<ViewedFile> files = {{"e 1.dcd", "e 1.pdb", 100, ViewedFile::Kind::states},
                                         {"map.mrc", "", 1, ViewedFile::Kind::map}};
  const std::string cxc = chimerax_script(files), pml = pymol_script(files);
  EXPECT_TRUE(has(cxc, "open \"e 1.pdb\"\nopen \"e 1.dcd\" structureModel #1\n"));
  EXPECT_FALSE(has(cxc, "morph"));
  EXPECT_TRUE(has(cxc, "open \"map.mrc\"\nvolume #2"));
  EXPECT_TRUE(has(pml, "load e 1.pdb, e_1\nload_traj e 1.dcd, e_1, state=1\n"));
  EXPECT_TRUE(has(pml, "isosurface map_surface, map, 3\n"));
}

TEST(ViewerScript, StandsBesideItsTrajectory) {
  const std::string folder = testing::scratch_folder();
  write_file_atomically(folder + "/e.cif", "data_\n");
  write_viewer_scripts(folder + "/e.dcd", 3, ViewedFile::Kind::path);
  EXPECT_TRUE(has(read_file(folder + "/e.cxc"), "open \"e.cif\"\nopen \"e.dcd\" structureModel #1\n"));
  EXPECT_TRUE(std::filesystem::exists(folder + "/e.pml"));
}

}  // namespace
}  // namespace cryomer
