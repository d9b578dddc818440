#include "cryomer/training/run_setup.h"

#include "training/small_run.h"

namespace cryomer {
namespace {

// The small system's structure stands 30 A away from the origin of its file; images have its centroid in the middle. Moved as for
// the other ways a structure can stand, the images themselves must tell which one it is.
TEST(FindOrigin, IsToldByTheImages) {
  const std::string data = testing::small_data(200);
  TrainingConfig config = testing::small_config(data, 1);
  const ParticleStack stack = ParticleStack::open(config.data.particles, particle_options(config));
  set_log_level(LogLevel::error);
  Structure s = read_structure(config.data.structure);
  Vec3 centroid;
  for (const Atom& atom : s.atoms) centroid += (1.0 / s.atom_count()) * atom.position;
  const double half_box = 0.5 * testing::kBox * testing::kPixelSize;
  const Vec3 corner{half_box, half_box, half_box};
  config.data.frame = "auto";
  EXPECT_LT(norm(find_origin(config, s, stack) - centroid), 1e-6);
  // Fitted into a map: the centroid at the middle of the box is both candidates at once.
  for (Atom& atom : s.atoms) atom.position = atom.position - centroid + corner;
  const Vec3 found = find_origin(config, s, stack);
  EXPECT_LT(norm(found - corner), 1e-3);
  config.data.frame = "origin";
  EXPECT_EQ(norm(find_origin(config, s, stack)), 0);
  config.data.frame = "box";
  EXPECT_LT(norm(find_origin(config, s, stack) - corner), 1e-12);
  set_log_level(LogLevel::info);
}

// The structure has a domain that the images lack: its centroid is not where the particles turn, but its file's origin is.
TEST(FindOrigin, IsTheFilesOriginWhereTheCentroidIsElsewhere) {
  const std::string data = testing::small_data(300);
  TrainingConfig config = testing::small_config(data, 1);
  config.data.frame = "auto";
  const ParticleStack stack = ParticleStack::open(config.data.particles, particle_options(config));
  set_log_level(LogLevel::error);
  Structure s = read_structure(config.data.structure);
  Vec3 centroid;
  for (const Atom& atom : s.atoms) centroid += (1.0 / s.atom_count()) * atom.position;
  for (Atom& atom : s.atoms) atom.position = atom.position - centroid;
  const Vec3 side = normalized(cross(s.atoms.back().position - s.atoms.front().position, {0.3, 0.5, 0.8}));
  const int helix = s.atom_count();
  testing::add_residue(s, "A", 99, "LIG", false, ResidueKind::other);
  for (int i = 0; i < helix / 2; ++i) testing::add_atom(s, "C" + std::to_string(i), 6, 15 * side + 0.25 * s.atoms[i].position);
  Vec3 new_centroid;
  for (const Atom& atom : s.atoms) new_centroid += (1.0 / s.atom_count()) * atom.position;
  ASSERT_GT(norm(new_centroid), 4);
  EXPECT_LT(norm(find_origin(config, s, stack)), 1e-6);
  const double half_box = 0.5 * testing::kBox * testing::kPixelSize;
  const Vec3 corner{half_box, half_box, half_box};
  for (Atom& atom : s.atoms) atom.position += corner;
  EXPECT_LT(norm(find_origin(config, s, stack) - corner), 1e-6);
  set_log_level(LogLevel::info);
}

TEST(RunDirectory, KeepsTheStructureUnderItsExtension) {
  const RunDirectory directory{"/run"};
  for (const char* name : {"config.json", "checkpoint.safetensors", "metrics.csv", "log.txt", "structure.pdb", "structure.cif", "structure.pdb.gz"}) {
    EXPECT_TRUE(directory.owns(name)) << name;
  }
  for (const char* name : {"structure.dcd", "ensemble.pdb", "config.pdb"}) EXPECT_FALSE(directory.owns(name)) << name;
  EXPECT_EQ(directory.structure("/x/Base.PDB"), "/run/structure.pdb");
  EXPECT_EQ(directory.structure("a.ent.gz"), "/run/structure.pdb.gz");
  EXPECT_EQ(directory.structure("a.cif"), "/run/structure.cif");
}

TEST(PrepareOutputFolder, DoesNotTouchWhatIsThere) {
  const std::string folder = testing::scratch_folder();
  prepare_output_folder(folder + "/new/deep", false, false);
  EXPECT_TRUE(std::filesystem::is_directory(folder + "/new/deep"));
  EXPECT_NE(testing::error_of([&] { prepare_output_folder(folder, false, false); }).find("not empty"), std::string::npos);
  prepare_output_folder(folder, true, false);
  prepare_output_folder(folder, false, true);
  write_file_atomically(folder + "/file", "x");
  EXPECT_NE(testing::error_of([&] { prepare_output_folder(folder + "/file", true, false); }).find("expected a folder"), std::string::npos);
}

}  // namespace
}  // namespace cryomer
