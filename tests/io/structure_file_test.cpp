#include "cryomer/io/structure_file.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "cryomer/base/text.h"
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

Structure read_pdb_text(const std::string& text) {
  return read_structure(written("test.pdb", text));
}

std::vector<std::string> residues_of(const Structure& s) {
  std::vector<std::string> labels;
  for (const Residue& residue : s.residues) labels.push_back(residue_label(residue) + " " + residue.name);
  return labels;
}

const Residue& residue_named(const Structure& s, const std::string& name) {
  const auto found =
      std::find_if(s.residues.begin(), s.residues.end(), [&](const Residue& r) { return r.name == name; });
  if (found == s.residues.end()) throw std::runtime_error("no residue " + name);
  return *found;
}

void expect_same(const Structure& a, const Structure& b, double tolerance) {
  ASSERT_EQ(residues_of(a), residues_of(b));
  ASSERT_EQ(a.atom_count(), b.atom_count());
  for (int r = 0; r < a.residue_count(); ++r) {
    EXPECT_EQ(a.residues[r].kind, b.residues[r].kind) << residue_label(a.residues[r]);
    EXPECT_EQ(a.residues[r].bonded_to_previous, b.residues[r].bonded_to_previous)
        << residue_label(a.residues[r]);
    EXPECT_EQ(a.residues[r].first_atom, b.residues[r].first_atom);
    EXPECT_EQ(a.residues[r].atom_count, b.residues[r].atom_count);
  }
  for (int i = 0; i < a.atom_count(); ++i) {
    EXPECT_EQ(a.atoms[i].name, b.atoms[i].name);
    EXPECT_EQ(a.atoms[i].atomic_number, b.atoms[i].atomic_number) << atom_label(a, i);
    EXPECT_NEAR(norm(a.atoms[i].position - b.atoms[i].position), 0, tolerance) << atom_label(a, i);
    EXPECT_NEAR(a.atoms[i].occupancy, b.atoms[i].occupancy, 0.0051);
    EXPECT_NEAR(a.atoms[i].b_factor, b.atoms[i].b_factor, 0.0051);
  }
}

void expect_consistent(const Structure& s) {
  int next = 0;
  for (int r = 0; r < s.residue_count(); ++r) {
    EXPECT_EQ(s.residues[r].first_atom, next);
    EXPECT_GT(s.residues[r].atom_count, 0);
    EXPECT_FALSE(s.residues[r].chain.empty());
    next += s.residues[r].atom_count;
    for (int i = s.residues[r].first_atom; i < next; ++i) EXPECT_EQ(s.atoms[i].residue, r);
    if (s.residues[r].kind != ResidueKind::protein) continue;
    for (const char* name : {"N", "CA", "C"})
      EXPECT_GE(s.find_atom(r, name), 0) << residue_label(s.residues[r]);
  }
  EXPECT_EQ(next, s.atom_count());
  for (const Atom& atom : s.atoms) {
    EXPECT_GT(atom.atomic_number, 1);
    EXPECT_LT(atom.file_index, s.file_atom_count);
  }
}

// What fixtures/small.* hold, from PDB or mmCIF.
void expect_small(const Structure& s) {
  expect_consistent(s);
  EXPECT_EQ(residues_of(s),
            (std::vector<std::string>{"A/10 ALA", "A/11 SER", "A/11A GLY", "A/12 MSE", "A/16 HIS", "B/1 DA",
                                      "B/2 DT", "A/101 LIG", "A/102 CA"}));
  std::vector<ResidueKind> kinds;
  std::vector<bool> bonded;
  for (const Residue& residue : s.residues) {
    kinds.push_back(residue.kind);
    bonded.push_back(residue.bonded_to_previous);
  }
  constexpr ResidueKind p = ResidueKind::protein, n = ResidueKind::nucleotide, o = ResidueKind::other;
  EXPECT_EQ(kinds, (std::vector<ResidueKind>{p, p, p, p, p, n, n, o, o}));
  // 12 to 16 is a break although nothing but the distance says so; 11 to 11A is none.
  EXPECT_EQ(bonded, (std::vector<bool>{false, true, true, true, false, false, true, false, false}));
  EXPECT_EQ(s.file_atom_count, 62);
  EXPECT_EQ(s.atoms[find_labelled_atom(s, "A/11/OG")].file_index, 14);  // conformer B, the better occupied
  EXPECT_EQ(s.atoms[find_labelled_atom(s, "A/11/CB")].position.x, 5.04);
  EXPECT_EQ(s.atoms[find_labelled_atom(s, "A/11/CB")].occupancy, 0.6);
  EXPECT_EQ(s.atoms[find_labelled_atom(s, "A/12/SE")].atomic_number, 34);
  EXPECT_EQ(s.atoms[find_labelled_atom(s, "A/16/CA")].atomic_number, 6);
  EXPECT_EQ(s.atoms[find_labelled_atom(s, "A/102/CA")].atomic_number, 20);
  EXPECT_EQ(s.atoms[find_labelled_atom(s, "A/101/CL1")].atomic_number, 17);
  EXPECT_EQ(s.atoms[find_labelled_atom(s, "A/101/CL1")].b_factor, 22);
}

TEST(StructureFile, ReadsPdb) {
  expect_small(read_structure(fixture("small.pdb")));
}
TEST(StructureFile, ReadsMmcif) {
  expect_small(read_structure(fixture("small.cif")));
}

TEST(StructureFile, SaysInOneLineWhatWasKeptAndDropped) {
  const std::string log = log_of([] { read_structure(fixture("small.pdb")); });
  EXPECT_NE(
      log.find("small.pdb: chains A (residues 10 to 16), B (residues 1 to 2), 5 residues of protein, 2 "
               "nucleotides, among them MSE, "
               "1 chain break (A/12-16), also CA, LIG; 54 atoms; dropped 3 waters, 3 hydrogens, 2 alternate atoms\n"),
      std::string::npos)
      << log;
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
}

TEST(StructureFile, RoundTripsThroughBothFormats) {
  const Structure original = read_structure(fixture("small.pdb"));
  for (const char* name : {"/a.pdb", "/a.cif"}) {
    const std::string path = testing::scratch_folder() + name;
    write_structure(path, original);
    expect_same(read_structure(path), original, 1e-9);
    std::vector<float> moved = original.coordinates();
    for (float& value : moved) value = -3 * value - 50;
    write_structure(path, original, moved.data());
    Structure expected = original;
    expected.set_coordinates(moved.data());
    const Structure read = read_structure(path);
    ASSERT_EQ(read.atom_count(), original.atom_count());
    for (int i = 0; i < read.atom_count(); ++i) {
      EXPECT_LT(norm(read.atoms[i].position - expected.atoms[i].position), 0.001) << name;
    }
  }
}

TEST(StructureFile, WritesTheColumnsOfThePdbFormat) {
  const std::string path = testing::scratch_folder() + "/a.pdb";
  write_structure(path, read_structure(fixture("small.pdb")));
  const std::string text = read_file(path);
  for (const char* line :
       {"ATOM      1  N   ALA A  10       0.000   0.000   0.000  1.00 10.00           N  \n",
        "ATOM     12  N   GLY A  11A      7.560   0.000   0.000  1.00 10.00           N  \n",
        "HETATM   22 SE   MSE A  12      12.740   4.500   2.050  1.00 15.00          SE  \n",
        "TER      34      HIS A  16 \n",
        "ATOM     36  C5'  DA B   1      -0.600  22.500   0.000  1.00 30.00           C  \n",
        "HETATM   56 CA    CA A 102       9.000  -8.000  -4.000  1.00 18.00          CA  \nEND\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(StructureFile, WritesResiduesUnderNamesOfSimulationsAsLinksOfTheChain) {
  const std::string path = testing::scratch_folder() + "/a";
  Structure s = read_structure(fixture("small.pdb"));
  const auto his = std::find_if(s.residues.begin(), s.residues.end(), [](const Residue& r) { return r.name == "HIS"; });
  ASSERT_NE(his, s.residues.end());
  his->name = "HSD";
  for (const char* kind : {".pdb", ".cif"}) {
    write_structure(path + kind, s);
    int lines = 0;
    for (const std::string& line : split(read_file(path + kind), '\n')) {
      if (line.find(" HSD ") == std::string::npos || line.find("TER") == 0) continue;
      EXPECT_EQ(line.find("ATOM "), 0u) << line;
      ++lines;
    }
    EXPECT_GT(lines, 5) << kind;
  }
}

TEST(StructureFile, TakesTheFirstConformerOnATie) {
  PdbAtom a, b;
  a.name = b.name = " CB ";
  a.alternate = 'A';
  b.alternate = 'B';
  a.occupancy = b.occupancy = 0.5;
  a.x = 1.5;
  b.x = 2.5;
  const Structure s = read_pdb_text(backbone("ALA", "A", 1, 0) + pdb_line(a) + pdb_line(b));
  EXPECT_EQ(s.atoms[find_labelled_atom(s, "A/1/CB")].position.x, 1.5);
}

// The second conformer has the higher mean; its atoms are taken together although one of the first is fuller.
TEST(StructureFile, DecidesConformersPerResidue) {
  auto side = [](const char* name, char alternate, double occupancy, double x) {
    PdbAtom atom;
    atom.name = name;
    atom.residue = "LEU";
    atom.alternate = alternate;
    atom.occupancy = occupancy;
    atom.x = x;
    return pdb_line(atom);
  };
  const std::string text = backbone("LEU", "A", 1, 0) + side(" CB ", 'A', 0.6, 1) +
                           side(" CB ", 'B', 0.5, 2) + side(" CG ", 'A', 0.2, 1) + side(" CG ", 'B', 0.5, 2) +
                           side(" CD1", 'A', 0.3, 1);
  const Structure s = read_pdb_text(text);
  EXPECT_EQ(s.atoms[find_labelled_atom(s, "A/1/CB")].position.x, 2);
  EXPECT_EQ(s.atoms[find_labelled_atom(s, "A/1/CG")].position.x, 2);
  EXPECT_EQ(s.atoms[find_labelled_atom(s, "A/1/CD1")].position.x, 1);  // nothing else there
  EXPECT_EQ(s.atom_count(), 7);
}

TEST(StructureFile, ChoosesBetweenTwoResiduesInOnePlace) {
  PdbAtom serine, alanine;
  serine.residue = "SER";
  serine.alternate = 'A';
  serine.occupancy = 0.3;
  alanine.alternate = 'B';
  alanine.occupancy = 0.7;
  const Structure s = read_pdb_text(backbone(serine, 0) + backbone(alanine, 0) + backbone("GLY", "A", 2, 1));
  EXPECT_EQ(residues_of(s), (std::vector<std::string>{"A/1 ALA", "A/2 GLY"}));
  EXPECT_EQ(s.atoms[0].file_index, 4);
  EXPECT_TRUE(s.residues[1].bonded_to_previous);
}

TEST(StructureFile, RepairsNamesThatBeginInColumn13) {
  const char* const text =
      "ATOM      1 N    LEU     1       0.000   0.000   0.000\n"
      "ATOM      2 CA   LEU     1       1.220   0.800   0.000\n"
      "ATOM      3 HA   LEU     1       1.220   1.400  -0.900\n"
      "ATOM      4 HG   LEU     1       2.000   3.400  -0.900\n"
      "ATOM      5 CD1  LEU     1       2.220   4.400  -0.900\n"
      "ATOM      6 HD11 LEU     1       3.220   4.400  -0.900\n"
      "ATOM      7 C    LEU     1       2.450   0.000   0.000\n"
      "HETATM    8 CA   CA    101      12.450   0.000   0.000\n"
      "HETATM    9 CL1  LIG   102      16.450   0.000   0.000\n"
      "HETATM   10 CA1  LIG   102      17.950   0.000   0.000\n"
      "HETATM   11 HG   LIG   102      18.950   0.000   0.000\n";
  const Structure s = read_pdb_text(text);
  std::vector<int> numbers;
  for (const Atom& atom : s.atoms) numbers.push_back(atom.atomic_number);
  EXPECT_EQ(numbers, (std::vector<int>{7, 6, 6, 6, 20, 17, 6}));
  EXPECT_EQ(s.residues[0].chain, "A");
  EXPECT_EQ(s.atoms[4].file_index, 7);
}

TEST(StructureFile, RepairsElementsThatWereMisread) {
  auto line = [](const char* name, const char* residue, const char* element, double x, double y,
                 bool hetatm) {
    PdbAtom atom;
    atom.name = name;
    atom.residue = residue;
    atom.element = element;
    atom.x = x;
    atom.y = y;
    atom.hetatm = hetatm;
    return pdb_line(atom);
  };
  // Alanine and an unknown modified residue whose alpha carbons became calcium, bonded to each other.
  std::string text = line(" N  ", "ALA", "N", 0, 0, false) + line(" CA ", "ALA", "CA", 1.2, 0.8, false) +
                     line(" C  ", "ALA", "C", 2.45, 0, false);
  for (const auto& [name, element, x] : {std::tuple{" N  ", "N", 3.78},
                                         {" CA ", "CA", 5.0},
                                         {" C  ", "C", 6.2},
                                         {" HG ", "HG", 7.0},
                                         {" NE ", "NE", 8.0},
                                         {"CL  ", "CL", 9.0}}) {
    PdbAtom atom;
    atom.name = name;
    atom.residue = "XYZ";
    atom.number = 2;
    atom.element = element;
    atom.x = x;
    atom.hetatm = true;
    text += pdb_line(atom);
  }
  const Structure s = read_pdb_text(text);
  std::vector<int> numbers;
  for (const Atom& atom : s.atoms) numbers.push_back(atom.atomic_number);
  EXPECT_EQ(numbers, (std::vector<int>{7, 6, 6, 7, 6, 6, 7, 17}));
  EXPECT_EQ(residue_named(s, "XYZ").kind, ResidueKind::protein);
}

TEST(StructureFile, KnowsIonsByTheNamesOfPrograms) {
  PdbAtom ion;
  ion.hetatm = true;
  std::string text = backbone("ALA", "A", 1, 0);
  for (const auto& [name, residue, element] : {std::tuple{"CA  ", "CA", "C"},
                                               {"SOD ", "SOD", ""},
                                               {"CLA ", "CLA", ""},
                                               {" K+ ", "K+", ""},
                                               {"ZN  ", "ZN2", ""},
                                               {" CAL", "CAL", ""}}) {
    ion.name = name;
    ion.residue = residue;
    ion.element = element;
    ++ion.number;
    ion.x += 20;
    text += pdb_line(ion);
  }
  const Structure s = read_pdb_text(text);
  std::vector<int> numbers;
  for (int i = 4; i < s.atom_count(); ++i) numbers.push_back(s.atoms[i].atomic_number);
  EXPECT_EQ(numbers, (std::vector<int>{20, 11, 17, 19, 30, 20}));
}

TEST(StructureFile, ProteinIsWhatHasABackboneAndIsPartOfAChain) {
  PdbAtom sam;  // S-adenosylmethionine has atoms N, CA and C, as has a free amino acid
  sam.residue = "SAM";
  sam.number = 300;
  sam.hetatm = true;
  PdbAtom free_glutamate = sam;
  free_glutamate.residue = "GLU";
  free_glutamate.number = 301;
  PdbAtom modified = sam;
  modified.residue = "XYZ";
  modified.number = 3;
  const Structure s =
      read_pdb_text(backbone("ALA", "A", 1, 0) + backbone("HIE", "A", 2, 1) + backbone(modified, 2) +
                    backbone("TPO", "A", 9, 8) + "TER\n" + backbone(sam, 20) + backbone(free_glutamate, 30));
  std::vector<ResidueKind> kinds;
  for (const Residue& residue : s.residues) kinds.push_back(residue.kind);
  constexpr ResidueKind p = ResidueKind::protein, o = ResidueKind::other;
  EXPECT_EQ(kinds, (std::vector<ResidueKind>{p, p, p, p, o, o}));
}

TEST(StructureFile, CapsAreGroupsOfTheirOwnThatTheChainIsBondedTo) {
  PdbAtom cap;
  cap.residue = "ACE";
  cap.name = " C  ";
  cap.x = -1.33;
  std::string text = pdb_line(cap);
  cap.name = " CH3";
  cap.x = -2.8;
  text += pdb_line(cap) + backbone("ALA", "A", 2, 0);
  cap.name = " N  ";
  cap.residue = "NME";
  cap.number = 3;
  cap.x = 3.78;
  text += pdb_line(cap);
  const Structure s = read_pdb_text(text);
  EXPECT_EQ(residues_of(s), (std::vector<std::string>{"A/1 ACE", "A/2 ALA", "A/3 NME"}));
  EXPECT_EQ(s.residues[0].kind, ResidueKind::other);
  EXPECT_EQ(s.residues[1].kind, ResidueKind::protein);
  EXPECT_TRUE(s.residues[1].bonded_to_previous);
  EXPECT_TRUE(s.residues[2].bonded_to_previous);
  EXPECT_EQ(s.residues[2].kind, ResidueKind::other);
}

TEST(StructureFile, KeepsAndReportsAminoAcidsWithoutBackbone) {
  PdbAtom lone;
  lone.residue = "LYS";
  lone.number = 7;
  lone.x = 3.8;
  const std::string path = written("test.pdb", backbone("ALA", "A", 6, 0) + pdb_line(lone));
  Structure s;
  const std::string log = log_of([&] { s = read_structure(path); });
  EXPECT_EQ(s.residues[1].kind, ResidueKind::other);
  EXPECT_NE(log.find("1 amino acid without N, CA or C: A/7 LYS."), std::string::npos) << log;
}

TEST(StructureFile, PutsModifiedResiduesListedAtTheEndIntoTheirChain) {
  PdbAtom tpo;
  tpo.residue = "TPO";
  tpo.number = 2;
  tpo.hetatm = true;
  PdbAtom sep = tpo;
  sep.residue = "SEP";
  sep.number = 3;
  const Structure s = read_pdb_text(backbone("ALA", "A", 1, 0) + backbone("GLY", "A", 4, 3) + "TER\n" +
                                    backbone(sep, 2) + backbone(tpo, 1));
  EXPECT_EQ(residues_of(s), (std::vector<std::string>{"A/1 ALA", "A/2 TPO", "A/3 SEP", "A/4 GLY"}));
  for (int r = 1; r < 4; ++r) EXPECT_TRUE(s.residues[r].bonded_to_previous) << r;
  EXPECT_EQ(s.atoms[s.residues[1].first_atom].file_index, 12);
  expect_consistent(s);
}

TEST(StructureFile, NamesChainsThatTheFileDoesNot) {
  auto chains = [](const Structure& s) {
    std::vector<std::string> names;
    for (const Residue& residue : s.residues) names.push_back(residue.chain);
    return names;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(chains(read_pdb_text(backbone("ALA", "", 1, 0) + backbone("GLY", "", 2, 1))), (Names{"A", "A"}));
  // Numbers that begin anew after TER are another copy; those that go on are not.
  EXPECT_EQ(chains(read_pdb_text(backbone("ALA", "", 1, 0) + "TER\n" + backbone("ALA", "", 1, 9))),
            (Names{"A", "B"}));
  EXPECT_EQ(chains(read_pdb_text(backbone("ALA", "", 1, 0) + "TER\n" + backbone("ALA", "", 2, 9))),
            (Names{"A", "A"}));
  PdbAtom first, second, ion;
  first.chain = second.chain = ion.chain = "";
  first.segment = "PROA";
  second.segment = "PROB";
  ion.segment = "IONS";
  ion.residue = ion.name = "SOD";
  ion.x = 40;
  EXPECT_EQ(chains(read_pdb_text(backbone(first, 0) + backbone(second, 9) + pdb_line(ion))),
            (Names{"PROA", "PROB", "IONS"}));
  EXPECT_EQ(chains(read_pdb_text(backbone(first, 0) + pdb_line(ion))), (Names{"A", "A"}));
  ion.segment = "";
  EXPECT_EQ(chains(read_pdb_text(backbone("ALA", "A", 1, 0) + pdb_line(ion))), (Names{"A", "B"}));
}

TEST(StructureFile, TellsLongChainNamesFromLongResidueNames) {
  PdbAtom ligand;
  ligand.name = " C1 ";
  ligand.residue = "SKE";
  ligand.chain = "AB";
  ligand.number = 9;
  Structure s = read_pdb_text(backbone("ALA", "AB", 1, 0) + pdb_line(ligand));
  EXPECT_EQ(residues_of(s), (std::vector<std::string>{"AB/1 ALA", "AB/9 SKE"}));
  PdbAtom water;
  water.name = " OH2";
  water.residue = "TIP3";
  water.chain = "W";
  std::string line = pdb_line(water);
  line.erase(21, 1);  // the residue name takes the column before the chain
  ligand.chain = "3W";
  ligand.residue = "TIP";
  ASSERT_EQ(line.substr(17, 5), "TIP3W");
  s = read_pdb_text(backbone("ALA", "A", 1, 0) + line);
  EXPECT_EQ(residues_of(s), (std::vector<std::string>{"A/1 ALA"}));
}

TEST(StructureFile, KeepsEqualNumbersApart) {
  PdbAtom zinc;
  zinc.name = zinc.residue = "ZN";
  zinc.hetatm = true;
  zinc.x = 30;
  PdbAtom second = zinc;
  second.x = 40;
  const std::string path = written("test.pdb", backbone("ALA", "A", 1, 0) + backbone("GLY", "A", 1, 1) +
                                                   pdb_line(zinc) + pdb_line(second));
  Structure s;
  const std::string log = log_of([&] { s = read_structure(path); });
  EXPECT_EQ(residues_of(s), (std::vector<std::string>{"A/1 ALA", "A/1 GLY", "A/1 ZN", "A/1 ZN"}));
  EXPECT_TRUE(s.residues[1].bonded_to_previous);
  EXPECT_NE(log.find("1 number is given to more than one residue: A/1."), std::string::npos) << log;
}

TEST(StructureFile, JoinsAtomsOfAResidueThatAreListedApart) {
  PdbAtom late;
  late.name = " CB ";
  late.x = 1.2;
  late.y = 1.8;
  const Structure s = read_pdb_text(backbone("ALA", "A", 1, 0) + backbone("GLY", "A", 2, 1) + pdb_line(late));
  EXPECT_EQ(residues_of(s), (std::vector<std::string>{"A/1 ALA", "A/2 GLY"}));
  EXPECT_EQ(s.atoms[4].name, "CB");
  EXPECT_EQ(s.atoms[4].file_index, 8);
  expect_consistent(s);
}

TEST(StructureFile, TellsCopiesWithoutChainNamesApart) {
  PdbAtom lone;
  lone.chain = "";
  lone.number = 2;
  // The first copy's second residue is a CA alone, so the second copy's N could belong to it but for the
  // distance.
  const Structure s = read_pdb_text(backbone("ALA", "", 1, 0) + pdb_line(lone) + backbone("ALA", "", 1, 20) +
                                    backbone("ALA", "", 2, 21));
  ASSERT_EQ(s.residue_count(), 4);
  for (const int r : {0, 2, 3}) EXPECT_EQ(s.residues[r].atom_count, 4);
  EXPECT_TRUE(s.residues[3].bonded_to_previous);
}

TEST(StructureFile, DropsUnlabelledRepeatsOfAnAtom) {
  PdbAtom repeat;
  repeat.x = 1.3;
  repeat.y = 0.9;
  const Structure s =
      read_pdb_text(backbone("ALA", "A", 1, 0) + pdb_line(repeat) + backbone("GLY", "A", 2, 1));
  EXPECT_EQ(s.atom_count(), 8);
  EXPECT_TRUE(s.residues[1].bonded_to_previous);
}

TEST(StructureFile, KeepsLigandAtomsOfEqualName) {
  PdbAtom carbon;
  carbon.name = " C  ";
  carbon.residue = "LIG";
  carbon.number = 9;
  carbon.hetatm = true;
  std::string ligand;
  for (int i = 0; i < 3; ++i) {
    carbon.x = 30 + 1.5 * i;
    ligand += pdb_line(carbon);
  }
  const Structure s = read_pdb_text(backbone("ALA", "A", 1, 0) + ligand);
  EXPECT_EQ(residue_named(s, "LIG").atom_count, 3);
}

TEST(StructureFile, DropsTheWatersOfSimulationsButNotLigandsOfTheirName) {
  auto line = [](const char* name, const char* residue, int number, double x) {
    PdbAtom atom;
    atom.name = name;
    atom.residue = residue;
    atom.number = number;
    atom.x = x;
    atom.hetatm = true;
    return pdb_line(atom);
  };
  const std::string path = written(
      "test.pdb", backbone("ALA", "A", 1, 0) + line(" OW ", "SOL", 2, 30) + line(" HW1", "SOL", 2, 31) +
                      line(" HW2", "SOL", 2, 29) + line(" MW ", "SOL", 2, 30.1) + line(" OW ", "SOL", 2, 50) +
                      line(" P  ", "T3P", 3, 60) + line(" O1P", "T3P", 3, 61.5) + line(" C1'", "T3P", 3, 64));
  Structure s;
  const std::string log = log_of([&] { s = read_structure(path); });
  EXPECT_EQ(residues_of(s), (std::vector<std::string>{"A/1 ALA", "A/3 T3P"}));
  EXPECT_EQ(residue_named(s, "T3P").atom_count, 3);
  EXPECT_NE(log.find("dropped 2 waters"), std::string::npos) << log;
}

TEST(StructureFile, UsesTheFirstModel) {
  PdbAtom moved;
  const std::string path =
      written("test.pdb", "MODEL        1\n" + backbone("ALA", "A", 1, 0) + "ENDMDL\nMODEL        2\n" +
                              backbone(moved, 5) + "ENDMDL\n");
  Structure s;
  const std::string log = log_of([&] { s = read_structure(path); });
  EXPECT_EQ(s.file_atom_count, 4);
  EXPECT_EQ(s.atoms[0].position.x, 0);
  EXPECT_NE(log.find("test.pdb holds several models: the first is used"), std::string::npos) << log;
}

TEST(StructureFile, ReadsNumbersBeyondFourDigits) {
  auto at = [](const char* columns_23_to_27, int place) {
    std::string text = backbone("ALA", "A", 1, place);
    for (size_t line = 0; line < text.size(); line = text.find('\n', line) + 1)
      text.replace(line + 22, 5, columns_23_to_27);
    return text;
  };
  const Structure s = read_pdb_text(at("9999 ", 0) + at("A000 ", 1) + at("10001", 2) + at("  12B", 3) +
                                    at(" -12 ", 4) + at("a000 ", 5));
  std::vector<std::string> labels;
  for (const Residue& residue : s.residues) labels.push_back(residue_label(residue));
  EXPECT_EQ(labels,
            (std::vector<std::string>{"A/9999", "A/10000", "A/10001", "A/12B", "A/-12", "A/1223056"}));
}

TEST(StructureFile, WritesAndReadsHybrid36Numbers) {
  Structure s = read_structure(fixture("small.pdb"));
  const std::string path = testing::scratch_folder() + "/a.pdb";
  const std::vector<int> numbers = {
      -999, 0, 9999, 10000, 10001, 10000 + 26 * 46656 - 1, 10000 + 26 * 46656, 1000000, 9};
  for (int r = 0; r < s.residue_count(); ++r) s.residues[r].number = numbers[r];
  write_structure(path, s);
  expect_same(read_structure(path), s, 1e-9);
}

TEST(StructureFile, WritesMoreThan99999Atoms) {
  Structure s = read_structure(fixture("small.pdb"));
  const Structure unit = s;
  for (int copy = 1; copy < 1900; ++copy) {
    for (Residue residue : unit.residues) {
      residue.number += 200 * copy;
      residue.chain = residue.chain == "A" ? "AA" : "BB";
      residue.first_atom += copy * unit.atom_count();
      s.residues.push_back(residue);
    }
    for (Atom atom : unit.atoms) {
      atom.position.y += 60.0 * (copy % 100);
      atom.position.z += 20.0 * (copy / 100);
      atom.residue += copy * unit.residue_count();
      s.atoms.push_back(atom);
    }
  }
  const std::string path = testing::scratch_folder() + "/a.pdb";
  write_structure(path, s);
  const Structure read = read_structure(path);
  EXPECT_EQ(read.atom_count(), 102600);
  EXPECT_EQ(residues_of(read), residues_of(s));
}

TEST(StructureFile, PdbSaysWhatItCannotHold) {
  const Structure s = read_structure(fixture("small.pdb"));
  const std::string folder = testing::scratch_folder();
  auto message = [&](const std::function<void(Structure&)>& change) {
    Structure changed = s;
    change(changed);
    return error_of([&] { write_structure(folder + "/a.pdb", changed); })
        .substr(("cannot write " + folder).size());
  };
  EXPECT_EQ(message([](Structure& x) { x.residues[0].chain = "LONG"; }),
            "/a.pdb: the chain name 'LONG' has more than two letters for the PDB format, use a name that "
            "ends in .cif");
  EXPECT_EQ(message([](Structure& x) { x.residues[7].name = "A1BCD"; }),
            "/a.pdb: the residue name 'A1BCD' (A/101) is too long for the PDB format, use a name that ends "
            "in .cif");
  EXPECT_EQ(message([](Structure& x) { x.residues[7].number = -1000; }),
            "/a.pdb: the residue number -1000 does not fit four columns for the PDB format, use a name that "
            "ends in .cif");
  EXPECT_EQ(message([](Structure& x) { x.atoms[1].position.y = -1000; }),
            "/a.pdb: model 1, atom A/10/CA: the y coordinate is -1000 A, and the columns of the PDB format "
            "hold -999.999 to "
            "9999.999; use a name that ends in .cif");
  EXPECT_EQ(message([](Structure& x) { x.atoms[1].position.z = std::nan(""); }),
            "/a.pdb: model 1, atom A/10/CA: the z coordinate is nan A");
  EXPECT_EQ(message([](Structure& x) { x = Structure(); }), "/a.pdb: there are no atoms");
  EXPECT_FALSE(std::filesystem::exists(folder + "/a.pdb"));
  EXPECT_EQ(error_of([&] { write_structure(folder + "/a.xyz", s); }),
            "cannot write a structure as " + folder + "/a.xyz: the name must end in .pdb or .cif");

  Structure wide = s;  // what mmCIF is for
  wide.residues[0].chain = "LONG";
  wide.residues[7].name = "A1BCD";
  wide.residues[8].number = -100000;
  wide.atoms[40].position.x = -54321.125;
  write_structure(folder + "/a.cif", wide);
  const Structure read = read_structure(folder + "/a.cif");
  EXPECT_EQ(residues_of(read), residues_of(wide));
  EXPECT_NEAR(read.atoms[40].position.x, -54321.125, 1e-9);
}

TEST(StructureFile, HoldsTheLargestCoordinatesThatFitPdb) {
  Structure s = read_structure(fixture("small.pdb"));
  s.atoms[50].position = {-999.999, 9999.99, -0.0004};
  const std::string path = testing::scratch_folder() + "/a.pdb";
  write_structure(path, s);
  const Structure read = read_structure(path);
  EXPECT_EQ(read.atoms[50].position.x, -999.999);
  EXPECT_EQ(read.atoms[50].position.y, 9999.99);
  EXPECT_EQ(read.atoms[50].position.z, 0);
}

TEST(StructureFile, ReadsMmcifAsProgramsWriteIt) {
  // Label columns only, a quoted prime, values over several lines, uncertainties, mixed case, no model
  // number.
  const std::string head =
      "# a "
      "comment\nDATA_test\nLoop_\n_Atom_site.group_PDB\n_atom_site.type_symbol\n_atom_site.label_atom_id\n"
      "_atom_site.label_comp_id\n_atom_site.label_asym_id\n_atom_site.label_seq_id\n_atom_site.Cartn_x\n"
      "_atom_site.Cartn_y\n_atom_site.Cartn_z # last\n";
  const std::string body =
      "ATOM N N ALA Axp 1 0 0 0\nATOM C CA ALA Axp 1 1.22(3) 0.8\n 0 # end of row\nATOM C \"C\" ALA Axp 1 "
      "2.45 0 0\n"
      "HETATM O 'O5'' LIG B . 9 9 9\n";
  EXPECT_NE(error_of([&] {
              read_structure(written("a.cif", head + body));
            }).find("a.cif line 17: the residue number is '', expected a whole number"),
            std::string::npos);
  std::string numbered = body;
  numbered.replace(numbered.find("B ."), 3, "B 7");
  const Structure s = read_structure(written("a.cif", head + numbered + "#\n"));
  EXPECT_EQ(residues_of(s), (std::vector<std::string>{"Axp/1 ALA", "B/7 LIG"}));
  EXPECT_EQ(s.atoms[1].position.x, 1.22);
  EXPECT_EQ(s.atoms[3].name, "O5'");
}

TEST(StructureFile, SaysWhatIsWrong) {
  auto message = [](const std::string& name, const std::string& text) {
    const std::string path = written(name, text);
    const std::string found = error_of([&] { read_structure(path); });
    EXPECT_EQ(found.substr(0, path.size()), path);
    return found.substr(path.size());
  };
  const std::string alanine = backbone("ALA", "A", 1, 0);
  EXPECT_EQ(message("a.pdb", ""),
            " holds no atoms: no line begins with ATOM or HETATM. Expected a PDB file (.pdb) or mmCIF "
            "(.cif), either may be "
            "gzipped (.gz)");
  EXPECT_EQ(message("a.cif", "data_x\n_cell.length_a 1\n"),
            " holds no atoms: it is a CIF file without a table _atom_site. Expected a PDB file (.pdb) or "
            "mmCIF (.cif), either "
            "may be gzipped (.gz)");
  std::string text = alanine;
  text.replace(text.find("1.220"), 5, "1.2x0");
  EXPECT_EQ(message("a.pdb", text),
            " line 2: the x coordinate in columns 31-38 is '   1.2x0', expected a number");
  text.replace(text.find("1.2x0"), 5, "  nan");
  EXPECT_EQ(message("a.pdb", text),
            " line 2: the x coordinate in columns 31-38 is '     nan', expected a number");
  text = alanine;
  text.replace(22, 4, "  x1");
  EXPECT_EQ(message("a.pdb", text),
            " line 1: the residue number in columns 23-26 is '  x1', expected a whole number");
  EXPECT_EQ(message("a.pdb", alanine + "ATOM      5  CB  ALA A   1       1.0\n"),
            " line 5: this ATOM record ends at column 36, before the coordinates (columns 31-54)");
  PdbAtom ca;
  EXPECT_EQ(message("a.pdb", pdb_line(ca)),
            " has no protein backbone: 1 of its 1 amino acids have a CA atom only. Cryomer needs N, CA and C "
            "of each residue: "
            "rebuild the other atoms first, for example with PULCHRA");
  ca.residue = "LIG";
  EXPECT_EQ(message("a.pdb", pdb_line(ca)),
            " has no protein: no residue with the atoms N, CA and C is part of a chain. Found residues named "
            "LIG (1 atoms)");
  ca.residue = "HOH";
  EXPECT_EQ(message("a.pdb", pdb_line(ca)),
            " has no protein: no residue with the atoms N, CA and C is part of a chain. Found nothing but "
            "waters and hydrogens");
  std::string dna;
  for (const char* name : {" P  ", " C1'", " C4'", " O3'"}) {
    PdbAtom atom;
    atom.name = name;
    atom.residue = " DA";
    atom.x = dna.size() / 80.0;
    dna += pdb_line(atom);
  }
  EXPECT_EQ(message("a.pdb", dna),
            " has no protein, only 1 nucleotide. Cryomer models nucleic acids beside protein, not alone");
  const std::string head =
      "data_x\nloop_\n_atom_site.label_atom_id\n_atom_site.label_comp_id\n_atom_site.label_asym_id\n_atom_"
      "site.label_seq_id\n"
      "_atom_site.Cartn_x\n_atom_site.Cartn_y\n";
  EXPECT_EQ(message("a.cif", head + "N ALA A 1 0 0\n"),
            " line 9: the table _atom_site has no column _atom_site.cartn_z");
  EXPECT_EQ(message("a.cif", head + "_atom_site.Cartn_z\nN ALA A 1 0 0 0\nCA ALA A\n"),
            " line 11: a row of the table _atom_site ends after 3 of its 7 values");
  EXPECT_EQ(message("a.cif", head + "_atom_site.Cartn_z\nN ALA A 1 0 ? 0\n"),
            " line 10: _atom_site.Cartn_y is '', expected a number");
  EXPECT_EQ(message("a.cif", head + "_atom_site.Cartn_z\n'N ALA A 1 0 ? 0\n"),
            " line 10: a text that begins with ' does not end on its line");
  EXPECT_EQ(error_of([] { read_structure("/no/such.pdb"); }),
            "cannot open /no/such.pdb: No such file or directory");
  const std::string folder = testing::scratch_folder();
  EXPECT_EQ(error_of([&] { read_structure(folder); }), "cannot open " + folder + ": it is a folder");
}

TEST(StructureFile, ReadsGzippedFilesOrSaysWhyNot) {
  const std::string folder = testing::scratch_folder();
  for (const char* name : {"small.pdb", "small.cif"}) {
    const std::string path = folder + "/" + name + ".gz";
    if (std::system(("gzip -c '" + fixture(name) + "' > '" + path + "'").c_str()) != 0)
      GTEST_SKIP() << "no gzip here";
#ifdef CRYOMER_HAS_ZLIB
    expect_small(read_structure(path));
    const std::string bytes = read_file(path);
    const std::string cut = written("cut.gz", bytes.substr(0, bytes.size() / 2));
    EXPECT_NE(error_of([&] { read_structure(cut); }).find("is a damaged or incomplete gzip file"),
              std::string::npos);
    set_log_level(LogLevel::error);
    testing::fuzz(bytes, "damaged.gz", 100, [](const std::string& damaged) { read_structure(damaged); });
    set_log_level(LogLevel::info);
#else
    EXPECT_NE(
        error_of([&] { read_structure(path); }).find("is gzipped and this build of Cryomer has no zlib"),
        std::string::npos);
#endif
  }
}

TEST(StructureFile, SurvivesDamagedFiles) {
  set_log_level(LogLevel::error);
  for (const char* name : {"small.pdb", "small.cif"}) {
    testing::fuzz(read_file(fixture(name)), name, 300, [](const std::string& path) {
      const Structure s = read_structure(path);
      expect_consistent(s);
    });
  }
  set_log_level(LogLevel::info);
}

TEST(RealStructures, AdenylateKinaseIsTheSameInPdbAndMmcif) {
  CRYOMER_NEEDS_SHARED_DATA("adk");
  const Structure pdb = read_structure(testing::shared_data("adk/1ake.pdb"));
  const Structure cif = read_structure(testing::shared_data("adk/1AKE.cif"));
  expect_consistent(pdb);
  expect_same(pdb, cif, 1e-9);
  EXPECT_EQ(pdb.atom_count(), 3426);
  EXPECT_EQ(pdb.file_atom_count, 3816);
  for (int i = 0; i < pdb.atom_count(); ++i) EXPECT_EQ(pdb.atoms[i].file_index, cif.atoms[i].file_index);
  EXPECT_EQ(atoms_of(pdb, AtomSet::ca).size(), 428u);
  EXPECT_EQ(std::count_if(pdb.residues.begin(), pdb.residues.end(),
                          [](const Residue& r) { return r.name == "AP5"; }),
            2);
}

TEST(RealStructures, MisalignedAdenylateKinaseHasNoCalciumAndNoMercury) {
  CRYOMER_NEEDS_SHARED_DATA("adk");
  for (const char* name : {"adk/adk_open.pdb", "adk/adk_closed.pdb"}) {
    const Structure s = read_structure(testing::shared_data(name));
    expect_consistent(s);
    EXPECT_EQ(s.residue_count(), 214);
    EXPECT_EQ(s.atom_count(), 1656);
    EXPECT_EQ(s.file_atom_count, 3341);
    for (const Atom& atom : s.atoms) {
      EXPECT_TRUE(atom.atomic_number == 6 || atom.atomic_number == 7 || atom.atomic_number == 8 ||
                  atom.atomic_number == 16)
          << atom.name;
    }
  }
}

TEST(RealStructures, AuroraAComesWithLigandsIonsAndPhosphothreonine) {
  CRYOMER_NEEDS_SHARED_DATA("aurka");
  const Structure s = read_structure(testing::shared_data("aurka/1ol5.pdb"));
  expect_consistent(s);
  EXPECT_EQ(residue_named(s, "TPO").kind, ResidueKind::protein);
  EXPECT_TRUE(residue_named(s, "TPO").bonded_to_previous);
  EXPECT_EQ(residue_named(s, "ADP").kind, ResidueKind::other);
  EXPECT_EQ(s.atoms[residue_named(s, "MG").first_atom].atomic_number, 12);
  EXPECT_EQ(s.atoms[find_labelled_atom(s, "A/288/P")].atomic_number, 15);
  EXPECT_EQ(atoms_of(read_structure(testing::shared_data("aurka/base.pdb")), AtomSet::ca).size(), 265u);
}

TEST(RealStructures, EveryOneRoundTrips) {
  CRYOMER_NEEDS_SHARED_DATA("adk");
  set_log_level(LogLevel::error);
  const std::string folder = testing::scratch_folder();
  for (const char* name : {"adk/1ake.pdb", "adk/4ake.pdb", "adk/adk_open.pdb", "aurka/1ol5.pdb",
                           "aurka/1ol7.pdb", "aurka/5l8k.pdb", "aurka/base.pdb"}) {
    const Structure s = read_structure(testing::shared_data(name));
    for (const char* written_name : {"/a.pdb", "/a.cif"}) {
      write_structure(folder + written_name, s);
      SCOPED_TRACE(std::string(name) + " as " + written_name);
      expect_same(read_structure(folder + written_name), s, 1e-9);
    }
  }
  set_log_level(LogLevel::info);
}

// Debian's rdkit-data: no chain names, caps, hydrogens, names of protonation states; two copies with a
// missing loop.
TEST(RealStructures, PreparedProteinHasOneChainWithoutBreak) {
  const std::string folder = "/usr/share/RDKit/Contrib/CalcLigRMSD/data/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "needs Debian's rdkit-data";
  const Structure s = read_structure(folder + "aurka_protein_2c6e.pdb");
  expect_consistent(s);
  EXPECT_EQ(s.residue_count(), 265);
  EXPECT_EQ(s.file_atom_count, 4334);
  EXPECT_EQ(s.residues.front().name, "ACE");
  EXPECT_EQ(s.residues.back().name, "NME");
  for (int r = 0; r < s.residue_count(); ++r) {
    EXPECT_EQ(s.residues[r].chain, "A");
    EXPECT_EQ(s.residues[r].bonded_to_previous, r > 0);
    EXPECT_EQ(s.residues[r].kind == ResidueKind::protein, r > 0 && r < 264) << s.residues[r].name;
  }
  const Structure copies = read_structure(folder + "6c83.pdb");
  expect_consistent(copies);
  EXPECT_EQ(atoms_of(copies, AtomSet::ca).size(), 633u);
  EXPECT_NE(error_of([&] { read_structure(folder + "SKE_renamed.pdb"); }).find("has no protein"),
            std::string::npos);
}

}  // namespace
}  // namespace cryomer
