#include "cryomer/io/trajectory.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "cryomer/geometry/superpose.h"
#include "cryomer/io/dcd.h"
#include "cryomer/io/structure_file.h"
#include "io_testing.h"

namespace cryomer {
namespace {

using testing::backbone;
using testing::error_of;
using testing::fixture;
using testing::log_of;
using testing::pdb_line;
using testing::PdbAtom;
using testing::written;

// n conformations near the structure's own, each different.
Ensemble some_ensemble(const Structure& structure, int n) {
  Ensemble ensemble;
  ensemble.atom_count = structure.atom_count();
  Random random(11);
  for (int i = 0; i < n; ++i) {
    std::vector<float> conformation = structure.coordinates();
    for (float& value : conformation) value += static_cast<float>(random.normal());
    ensemble.append(conformation.data());
  }
  return ensemble;
}

void expect_near(const Ensemble& a, const Ensemble& b, double tolerance) {
  ASSERT_EQ(a.coordinates.size(), b.coordinates.size());
  for (size_t i = 0; i < a.coordinates.size(); ++i)
    ASSERT_NEAR(a.coordinates[i], b.coordinates[i], tolerance) << i;
}

// Every atom of the file's first model, dropped ones too, for DCDs that have them: record i stands at (i,
// frame, 0).
std::string dcd_of_all_atoms(int atoms, int frames, const std::string& folder,
                             const std::string& name = "all.dcd") {
  const std::string path = folder + "/" + name;
  DcdFileWriter writer(path, atoms);
  std::vector<float> frame(static_cast<size_t>(3 * atoms));
  for (int f = 0; f < frames; ++f) {
    for (int i = 0; i < atoms; ++i) {
      frame[3 * static_cast<size_t>(i)] = static_cast<float>(i);
      frame[3 * static_cast<size_t>(i) + 1] = static_cast<float>(f);
    }
    writer.write_frame(frame.data());
  }
  writer.commit();
  return path;
}

TEST(Trajectory, RoundTripsThroughEveryFormat) {
  const Structure structure = read_structure(fixture("small.pdb"));
  const Ensemble ensemble = some_ensemble(structure, 7);
  for (const auto& [name, tolerance] : {std::pair{"/e.dcd", 0.0}, {"/e.pdb", 0.00051}, {"/e.cif", 0.00051}}) {
    SCOPED_TRACE(name);
    const std::string path = testing::scratch_folder() + name;
    write_ensemble(path, structure, ensemble);
    const Ensemble read = read_ensemble(path, structure);
    EXPECT_EQ(read.size(), 7);
    expect_near(read, ensemble, tolerance);
    const auto reader = open_trajectory(path, structure);
    std::vector<float> conformation(static_cast<size_t>(3 * structure.atom_count()));
    reader->read(5, conformation.data());
    EXPECT_NEAR(conformation[10], ensemble.conformation(5)[10], tolerance);
    EXPECT_NE(error_of([&] { reader->read(7, conformation.data()); }).find("0 to 6, not 7"),
              std::string::npos);
  }
}

TEST(Trajectory, DcdComesWithItsAtomsInAPdbFile) {
  const Structure structure = read_structure(fixture("small.pdb"));
  const std::string folder = testing::scratch_folder();
  write_ensemble(folder + "/e.dcd", structure, some_ensemble(structure, 2));
  const Structure topology = read_structure(folder + "/e.pdb");
  ASSERT_EQ(topology.atom_count(), structure.atom_count());
  EXPECT_EQ(topology.coordinates(), structure.coordinates());
  for (int i = 0; i < structure.atom_count(); ++i)
    EXPECT_EQ(atom_label(topology, i), atom_label(structure, i));
  EXPECT_EQ(read_file(folder + "/e.pdb").substr(0, 46), "REMARK   Atoms of a Cryomer trajectory: e.dcd\n");

  Structure wide = structure;
  for (Residue& residue : wide.residues) residue.chain = "LONG" + residue.chain;
  write_ensemble(folder + "/w.dcd", wide, some_ensemble(structure, 2));
  EXPECT_FALSE(std::filesystem::exists(folder + "/w.pdb"));
  EXPECT_EQ(read_structure(folder + "/w.cif").residues[0].chain, "LONGA");
  EXPECT_EQ(read_ensemble(folder + "/w.dcd", wide).size(), 2);
}

TEST(Trajectory, DoesNotReplaceSomebodysStructure) {
  const Structure structure = read_structure(fixture("small.pdb"));
  const std::string folder = testing::scratch_folder();
  write_structure(folder + "/base.pdb", structure);
  EXPECT_EQ(error_of([&] { create_trajectory(folder + "/base.dcd", structure); }),
            formatted("cannot write {0}/base.dcd: its atoms would be listed in {0}/base.pdb, which exists "
                      "and was not written "
                      "by Cryomer as a topology. Choose another name",
                      folder));
  write_ensemble(folder + "/e.dcd", structure, some_ensemble(structure, 2));
  write_ensemble(folder + "/e.dcd", structure,
                 some_ensemble(structure, 3));  // its own topology it may replace
  EXPECT_EQ(read_ensemble(folder + "/e.dcd", structure).size(), 3);
}

TEST(Trajectory, AppearsOnlyWhenCommitted) {
  const Structure structure = read_structure(fixture("small.pdb"));
  for (const char* name : {"/e.dcd", "/e.pdb", "/e.cif"}) {
    const std::string folder = testing::scratch_folder();
    {
      const auto writer = create_trajectory(folder + name, structure);
      writer->write(structure.coordinates().data());
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder)) << name;
    EXPECT_NE(error_of([&] {
                create_trajectory(folder + name, structure)->commit();
              }).find("no conformation was written"),
              std::string::npos);
    EXPECT_TRUE(std::filesystem::is_empty(folder)) << name;
  }
}

TEST(Trajectory, RefusesCoordinatesThatAreNoNumbers) {
  const Structure structure = read_structure(fixture("small.pdb"));
  std::vector<float> coordinates = structure.coordinates();
  coordinates[4] = std::nanf("");
  for (const char* name : {"/e.dcd", "/e.pdb", "/e.cif"}) {
    const auto writer = create_trajectory(testing::scratch_folder() + name, structure);
    EXPECT_NE(error_of([&] { writer->write(coordinates.data()); }).find("A/10/CA"), std::string::npos);
  }
  const std::string folder = testing::scratch_folder();
  DcdFileWriter raw(folder + "/n.dcd", structure.atom_count());
  raw.write_frame(structure.coordinates().data());
  raw.write_frame(coordinates.data());
  raw.commit();
  EXPECT_EQ(
      error_of([&] { read_ensemble(folder + "/n.dcd", structure); }),
      folder + "/n.dcd: frame 2 (counted from 1), atom A/10/CA: a coordinate is nan, expected a number of at most 100000 A");
}

TEST(Trajectory, DcdIsMatchedByTheStructuresOwnFile) {
  const Structure structure = read_structure(fixture("small.pdb"));
  const std::string folder = testing::scratch_folder();
  const Ensemble all = read_ensemble(dcd_of_all_atoms(62, 3, folder), structure);
  ASSERT_EQ(all.size(), 3);
  for (int i = 0; i < structure.atom_count(); ++i) {
    EXPECT_EQ(all.conformation(2)[3 * i], structure.atoms[i].file_index);
    EXPECT_EQ(all.conformation(2)[3 * i + 1], 2);
  }
  const Ensemble kept = read_ensemble(dcd_of_all_atoms(54, 2, folder), structure);
  for (int i = 0; i < structure.atom_count(); ++i) EXPECT_EQ(kept.conformation(1)[3 * i], i);
}

TEST(Trajectory, DcdIsMatchedByATopology) {
  const std::string folder = testing::scratch_folder();
  // The structure lacks the topology's hydrogen, water and last residue, and lists its residues the other way
  // round.
  const Structure structure =
      read_structure(written("s.pdb", backbone("GLY", "A", 2, 1) + backbone("ALA", "A", 1, 0)));
  PdbAtom hydrogen, water;
  hydrogen.name = " HA ";
  water.residue = "HOH";
  water.number = 500;
  const std::string topology = pdb_line(water) + backbone("ALA", "A", 1, 0) + pdb_line(hydrogen) +
                               backbone("GLY", "A", 2, 1) + backbone("SER", "A", 3, 2);
  write_file_atomically(folder + "/top.pdb", topology);
  const std::string dcd = dcd_of_all_atoms(14, 1, folder);
  const std::vector<float> expected = {6, 7, 8, 9, 1, 2, 3, 4};
  auto places = [&](const Ensemble& ensemble) {
    std::vector<float> x;
    for (int i = 0; i < 8; ++i) x.push_back(ensemble.conformation(0)[3 * i]);
    return x;
  };
  EXPECT_EQ(places(read_ensemble(dcd, structure, folder + "/top.pdb")), expected);
  write_file_atomically(folder + "/all.pdb", topology);  // beside it, found by its name
  EXPECT_EQ(places(read_ensemble(dcd, structure)), expected);
  std::filesystem::remove(folder + "/all.pdb");

  const std::string psf =
      "PSF CMAP\n\n       1 !NTITLE\n REMARKS made by hand\n\n      14 !NATOM\n"
      "       1 W    500  TIP3 OH2  OT    -0.834000       15.9994           0\n"
      "       2 PROA 1    ALA  N    NH3   -0.300000       14.0070           0\n"
      "       3 PROA 1    ALA  CA   CT1    0.210000       12.0110           0\n"
      "       4 PROA 1    ALA  C    C      0.510000       12.0110           0\n"
      "       5 PROA 1    ALA  O    O     -0.510000       15.9990           0\n"
      "       6 PROA 1    ALA  HA   HB     0.100000       1.00800           0\n"
      "       7 PROA 2    GLY  N    NH1   -0.470000       14.0070           0\n"
      "       8 PROA 2    GLY  CA   CT2   -0.020000       12.0110           0\n"
      "       9 PROA 2    GLY  C    C      0.510000       12.0110           0\n"
      "      10 PROA 2    GLY  O    O     -0.510000       15.9990           0\n"
      "      11 PROA 3    SER  N    NH1   -0.470000       14.0070           0\n"
      "      12 PROA 3    SER  CA   CT1    0.070000       12.0110           0\n"
      "      13 PROA 3    SER  C    CC     0.340000       12.0110           0\n"
      "      14 PROA 3    SER  OT1  OC    -0.670000       15.9990           0\n\n";
  write_file_atomically(folder + "/top.psf", psf);
  std::string log =
      log_of([&] { EXPECT_EQ(places(read_ensemble(dcd, structure, folder + "/top.psf")), expected); });
  EXPECT_NE(log.find("name their chains differently: matched in order, A is PROA"), std::string::npos) << log;

  write_file_atomically(folder + "/short.psf", psf.substr(0, psf.find("      11 PROA")));
  EXPECT_NE(error_of([&] { read_ensemble(dcd, structure, folder + "/short.psf"); }).find("it is incomplete"),
            std::string::npos);
}

TEST(Trajectory, SaysWhichAtomCountsDoNotAgree) {
  const Structure structure = read_structure(fixture("small.pdb"));
  const std::string folder = testing::scratch_folder();
  const std::string dcd = dcd_of_all_atoms(60, 1, folder);
  EXPECT_EQ(error_of([&] { open_trajectory(dcd, structure); }),
            formatted("{} has 60 atoms, but {} has 62, of which 54 are kept. A DCD has no atom names: put the PDB, mmCIF or PSF file that "
                      "lists its atoms in its order beside it under its name, or give it with --topology where the command has that",
                      dcd, structure.source));
  EXPECT_EQ(
      error_of([&] { open_trajectory(dcd, structure, fixture("small.cif")); }),
      formatted(
          "{} has 60 atoms, but its topology {} has 62: they must list the same atoms in the same order", dcd,
          fixture("small.cif")));
  write_file_atomically(folder + "/all.pdb", backbone("ALA", "A", 1, 0));
  EXPECT_NE(error_of([&] {
              open_trajectory(dcd, structure);
            }).find(formatted("; {}/all.pdb beside it has 4", folder)),
            std::string::npos);
  // A file of that name that is something else does not keep the trajectory from being read.
  dcd_of_all_atoms(62, 1, folder);
  const std::string log = log_of([&] { EXPECT_EQ(read_ensemble(dcd, structure).size(), 1); });
  EXPECT_NE(log.find("another number of atoms and is not its topology"), std::string::npos) << log;
}

TEST(Trajectory, ModelsAreMatchedByNameInAnyOrder) {
  const Structure structure =
      read_structure(written("s.pdb", backbone("ALA", "A", 1, 0) + backbone("GLY", "A", 2, 1)));
  PdbAtom hydrogen, water;
  hydrogen.name = " H  ";
  water.residue = "HOH";
  water.number = 99;
  const std::string path =
      written("t.pdb", "MODEL        1\n" + backbone("ALA", "A", 1, 0) + pdb_line(hydrogen) +
                           backbone("GLY", "A", 2, 1) + pdb_line(water) + "ENDMDL\nMODEL        2\n" +
                           backbone("GLY", "A", 2, 1, 5) + backbone("ALA", "A", 1, 0, 5) +
                           "ENDMDL\nMODEL        3\n" + backbone("ALA", "A", 1, 0, 7) + pdb_line(hydrogen) +
                           backbone("GLY", "A", 2, 1, 7) + pdb_line(water) + "ENDMDL\nMODEL        4\n" +
                           pdb_line(water) + backbone("GLY", "A", 2, 1, 9) + backbone("ALA", "A", 1, 0, 9) +
                           pdb_line(hydrogen) + "ENDMDL\nEND\n");
  const Ensemble ensemble = read_ensemble(path, structure);
  ASSERT_EQ(ensemble.size(), 4);
  const std::vector<float> own = structure.coordinates();
  for (int model = 0; model < 4; ++model) {
    const float dy[] = {0, 5, 7, 9};
    for (int i = 0; i < 8; ++i) {
      EXPECT_FLOAT_EQ(ensemble.conformation(model)[3 * i], own[3 * i]);
      EXPECT_NEAR(ensemble.conformation(model)[3 * i + 1], own[3 * i + 1] + dy[model], 1e-5);
    }
  }
  const std::string lacking =
      written("t.pdb", "MODEL        1\n" + backbone("ALA", "A", 1, 0) + backbone("GLY", "A", 2, 1) +
                           "ENDMDL\nMODEL        2\n" + backbone("ALA", "A", 1, 0) + "ENDMDL\n");
  EXPECT_NE(
      error_of([&] { read_ensemble(lacking, structure); }).find("t.pdb (model 2) lacks 4 of the 8 atoms"),
      std::string::npos);
}

TEST(Trajectory, ModelsMayBeSeparatedByEndAlone) {
  const Structure structure = read_structure(written("s.pdb", backbone("ALA", "A", 1, 0)));
  const std::string path =
      written("t.pdb", backbone("ALA", "A", 1, 0) + "END\n" + backbone("ALA", "A", 1, 1) + "END\n");
  EXPECT_EQ(read_ensemble(path, structure).size(), 2);
}

TEST(Trajectory, ReadsGzippedModels) {
#ifndef CRYOMER_HAS_ZLIB
  GTEST_SKIP() << "built without zlib";
#endif
  const Structure structure = read_structure(fixture("small.pdb"));
  const std::string folder = testing::scratch_folder();
  const Ensemble ensemble = some_ensemble(structure, 4);
  for (const char* name : {"/e.pdb", "/e.cif"}) {
    write_ensemble(folder + name, structure, ensemble);
    if (std::system(("gzip '" + folder + name + "'").c_str()) != 0) GTEST_SKIP() << "no gzip here";
    expect_near(read_ensemble(folder + name + ".gz", structure), ensemble, 0.00051);
  }
}

TEST(Trajectory, UnderstandsOtherNamesOfAtomsAndChains) {
  PdbAtom cd1, oxt, cd, ot2;
  cd1.name = " CD1";
  cd1.residue = oxt.residue = cd.residue = ot2.residue = "ILE";
  oxt.name = " OXT";
  cd.name = " CD ";
  ot2.name = " OT2";
  cd.chain = ot2.chain = "X";
  oxt.x = ot2.x = 1;
  const Structure structure =
      read_structure(written("s.pdb", backbone("ILE", "A", 1, 0) + pdb_line(cd1) + pdb_line(oxt)));
  std::string text = backbone("ILE", "X", 1, 0) + pdb_line(ot2) + pdb_line(cd);
  text.replace(text.find(" O  "), 4, " OT1");
  const std::string path = written("t.pdb", text);
  const std::string log = log_of([&] {
    const Ensemble ensemble = read_ensemble(path, structure);
    EXPECT_EQ(ensemble.coordinates, structure.coordinates());
  });
  EXPECT_NE(log.find("matched in order, A is X"), std::string::npos) << log;
}

TEST(Trajectory, SaysWhichAtomsAreMissingAndWhy) {
  const Structure structure = read_structure(written(
      "s.pdb", backbone("ALA", "A", 101, 0) + backbone("GLY", "A", 102, 1) + backbone("SER", "A", 103, 2)));
  auto message = [&](const std::string& text) {
    const std::string path = written("t.pdb", text);
    const std::string found = error_of([&] { read_ensemble(path, structure); });
    EXPECT_EQ(found.substr(0, path.size()), path);
    return found.substr(path.size());
  };
  const std::string ours = formatted("{} has chain A (residues 101 to 103)", structure.source);
  std::string text =
      message(backbone("ALA", "A", 1, 0) + backbone("GLY", "A", 2, 1) + backbone("SER", "A", 3, 2));
  EXPECT_NE(text.find(" lacks 12 of the 12 atoms of"), std::string::npos) << text;
  EXPECT_NE(text.find("A/101/N, A/101/CA, A/101/C, A/101/O, A/102/N, ..."), std::string::npos) << text;
  EXPECT_NE(text.find("Residues seem to be numbered differently: add -100 to the numbers of"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(ours), std::string::npos) << text;
  EXPECT_NE(text.find("t.pdb has chain A (residues 1 to 3)"), std::string::npos) << text;

  text = message(backbone("ALA", "X", 101, 0) + backbone("GLY", "X", 102, 1) + backbone("SER", "Y", 103, 9));
  EXPECT_NE(text.find("Their chains have other names"), std::string::npos) << text;
  EXPECT_NE(text.find("t.pdb has chains X (residues 101 to 102), Y (residue 103)"), std::string::npos)
      << text;

  text = message(backbone("ALA", "A", 101, 0) + backbone("GLY", "A", 102, 1));
  EXPECT_NE(text.find("lacks 4 of the 12 atoms"), std::string::npos) << text;
  EXPECT_NE(text.find("Residues are missing, or numbered differently"), std::string::npos) << text;

  PdbAtom ca;
  ca.number = 101;
  text = message(pdb_line(ca) + backbone("GLY", "A", 102, 1) + backbone("SER", "A", 103, 2));
  EXPECT_NE(text.find("lacks 3 of the 12 atoms"), std::string::npos) << text;
  EXPECT_NE(text.find("The residues are there but lack atoms"), std::string::npos) << text;
}

TEST(Trajectory, SaysWhatItDoesNotReadOrWrite) {
  const Structure structure = read_structure(fixture("small.pdb"));
  const std::string xtc = written("a.xtc", "x");
  EXPECT_NE(error_of([&] {
              open_trajectory(xtc, structure);
            }).find("Cryomer reads trajectories in DCD, PDB and mmCIF only. Convert it"),
            std::string::npos);
  const std::string packed = written("a.dcd.gz", "x");
  EXPECT_NE(error_of([&] { open_trajectory(packed, structure); }).find("unpack it with gunzip"),
            std::string::npos);
  EXPECT_EQ(error_of([&] { open_trajectory("/no/such.dcd", structure); }),
            "cannot open /no/such.dcd: there is no such file");
  EXPECT_EQ(error_of([&] { create_trajectory("/tmp/a.xtc", structure); }),
            "cannot write a trajectory as /tmp/a.xtc: the name must end in .dcd, .pdb or .cif");
  EXPECT_NE(error_of([&] { create_trajectory("/no/such/folder/a.pdb", structure); }).find("does not exist"),
            std::string::npos);
  Ensemble other;
  other.atom_count = 3;
  EXPECT_NE(
      error_of([&] { write_ensemble("/tmp/a.dcd", structure, other); }).find("have 3 atoms, the structure"),
      std::string::npos);
}

TEST(Trajectory, SurvivesDamagedFiles) {
  set_log_level(LogLevel::error);
  const Structure structure = read_structure(fixture("small.pdb"));
  const std::string folder = testing::scratch_folder();
  for (const char* name : {"e.dcd", "e.pdb", "e.cif"}) {
    write_ensemble(folder + "/" + name, structure, some_ensemble(structure, 2));
    testing::fuzz(read_file(folder + "/" + name), name, 150,
                  [&](const std::string& path) { read_ensemble(path, structure); });
  }
  const std::string dcd = dcd_of_all_atoms(1, 1, folder);
  testing::fuzz("PSF\n\n 2 !NATOM\n 1 A 10 ALA N NH1 -0.47 14.007 0\n 2 A 10 ALA CA CT1 0.07 12.011 0\n",
                "t.psf", 200, [&](const std::string& path) { open_trajectory(dcd, structure, path); });
  set_log_level(LogLevel::info);
}

// The header promises 500 frames; 98 are there, from the closed to the open state.
TEST(RealTrajectories, AdenylateKinaseOpens) {
  CRYOMER_NEEDS_SHARED_DATA("adk");
  const Structure open = read_structure(testing::shared_data("adk/adk_open.pdb"));
  const Structure closed = read_structure(testing::shared_data("adk/adk_closed.pdb"));
  const std::string path = testing::shared_data("adk/adk_dims.dcd");
  const Ensemble ensemble = read_ensemble(path, open);
  ASSERT_EQ(ensemble.size(), 98);
  auto ca_rmsd = [&](const float* conformation, const Structure& target) {
    std::vector<float> a, b;
    const std::vector<float> coordinates = target.coordinates();
    for (int i : atoms_of(open, AtomSet::ca)) {
      a.insert(a.end(), conformation + 3 * i, conformation + 3 * i + 3);
      b.insert(b.end(), coordinates.begin() + 3 * i, coordinates.begin() + 3 * i + 3);
    }
    return superpose(a.data(), b.data(), a.size() / 3).rmsd;
  };
  EXPECT_LT(ca_rmsd(ensemble.conformation(0), closed), 0.5);
  EXPECT_LT(ca_rmsd(ensemble.conformation(97), open), 1.0);
  EXPECT_NEAR(ca_rmsd(ensemble.conformation(0), open), 6.8, 0.3);  // A, the distance that comes with the data

  const Ensemble by_psf = read_ensemble(path, open, testing::shared_data("adk/adk.psf"));
  EXPECT_EQ(by_psf.coordinates, ensemble.coordinates);
  // The crystal structure has the same residues, two chains and other atom names at the end.
  const Structure crystal = read_structure(testing::shared_data("adk/4ake.pdb"));
  EXPECT_NE(error_of([&] { read_ensemble(path, crystal); }).find("3341 atoms"), std::string::npos);
}

TEST(RealTrajectories, AuroraAHas3000States) {
  CRYOMER_NEEDS_SHARED_DATA("aurka");
  const Structure structure = read_structure(testing::shared_data("aurka/base.pdb"));
  const auto trajectory = open_trajectory(testing::shared_data("aurka/apo_ensemble.dcd"), structure);
  EXPECT_EQ(trajectory->size(), 3000);
  std::vector<float> conformation(static_cast<size_t>(3 * structure.atom_count()));
  const int a = find_labelled_atom(structure, "A/284/CA"), b = find_labelled_atom(structure, "A/225/CA");
  double sum = 0;
  for (int64_t i = 2999; i >= 0; i -= 10) {
    trajectory->read(i, conformation.data());
    sum += std::hypot(conformation[3 * a] - conformation[3 * b],
                      conformation[3 * a + 1] - conformation[3 * b + 1],
                      conformation[3 * a + 2] - conformation[3 * b + 2]);
  }
  EXPECT_NEAR(sum / 300, 38.8, 0.5);  // A
}

}  // namespace
}  // namespace cryomer
