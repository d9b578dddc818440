#include "cryomer/structure/structure.h"

#include "testing.h"

namespace cryomer {
namespace {

// A/-3 ALA (N, CA, C), A/10 SER, A/10B GLY, B/5 a zinc ion named like an alpha carbon's residue would never
// be.
Structure example() {
  Structure s;
  s.source = "example.pdb";
  auto add = [&](const char* chain, int number, char code, const char* name, ResidueKind kind,
                 std::vector<std::string> atoms) {
    Residue residue;
    residue.chain = chain;
    residue.number = number;
    residue.insertion_code = code;
    residue.name = name;
    residue.kind = kind;
    residue.first_atom = s.atom_count();
    residue.atom_count = static_cast<int>(atoms.size());
    for (const std::string& atom_name : atoms) {
      Atom atom;
      atom.name = atom_name;
      atom.residue = s.residue_count();
      atom.position = {1.5 * s.atom_count(), 2, 3};
      s.atoms.push_back(atom);
    }
    s.residues.push_back(residue);
  };
  add("A", -3, ' ', "ALA", ResidueKind::protein, {"N", "CA", "C"});
  add("A", 10, ' ', "SER", ResidueKind::protein, {"N", "CA", "C", "OG"});
  add("A", 10, 'B', "GLY", ResidueKind::protein, {"N", "CA", "C"});
  add("B", 5, ' ', "CA", ResidueKind::other, {"CA"});
  return s;
}

TEST(AtomLabel, RoundTripsThroughItsAtom) {
  const Structure s = example();
  EXPECT_EQ(atom_label(s, 1), "A/-3/CA");
  EXPECT_EQ(atom_label(s, 7), "A/10B/N");
  for (int i = 0; i < s.atom_count(); ++i) EXPECT_EQ(find_labelled_atom(s, atom_label(s, i)), i);
}

TEST(AtomLabel, TakesAnEmptyChainForA) {
  EXPECT_EQ(find_labelled_atom(example(), "/10/OG"), 6);
}

TEST(AtomLabel, ExplainsWhatIsMissing) {
  const Structure s = example();
  auto message = [&](const char* label) { return testing::error_of([&] { find_labelled_atom(s, label); }); };
  EXPECT_EQ(message("10/CA"), "'10/CA' does not name an atom: write CHAIN/RESIDUE/ATOM, for example A/-3/CA");
  EXPECT_EQ(message("A/x/CA"),
            "'A/x/CA' does not name an atom: write CHAIN/RESIDUE/ATOM, for example A/-3/CA");
  EXPECT_EQ(message("C/10/CA"),
            "'C/10/CA': example.pdb has no chain 'C', it has chains A (residues -3 to 10), B (residue 5). "
            "Did you mean "
            "'A'?");
  EXPECT_EQ(message("A/8/CA"),
            "'A/8/CA': example.pdb has no residue 8 in chain 'A'; the nearest is A/10 (SER). It has chains A "
            "(residues "
            "-3 to 10), B (residue 5).");
  EXPECT_EQ(message("A/10/OH"),
            "'A/10/OH': that residue of example.pdb has no atom 'OH' (hydrogens are not kept), it has N, CA, "
            "C, OG. Did "
            "you mean 'OG'?");
}

TEST(AtomLabel, RefusesTwoAtomsOfOneLabel) {
  Structure s = example();
  s.residues[2].insertion_code = ' ';
  const std::string message = testing::error_of([&] { find_labelled_atom(s, "A/10/CA"); });
  EXPECT_EQ(message,
            "'A/10/CA' names 2 atoms of example.pdb, in residues SER, GLY that share chain and number: give "
            "them different "
            "chain names or numbers");
}

TEST(AtomSet, CaMeansTheAlphaCarbonsOfProteinOnly) {
  const Structure s = example();
  EXPECT_EQ(atoms_of(s, atom_set_from_name("CA")), (std::vector<int>{1, 4, 8}));
  EXPECT_EQ(atoms_of(s, AtomSet::heavy).size(), 11u);
  EXPECT_EQ(name_of(AtomSet::heavy), "heavy");
  EXPECT_EQ(testing::error_of([] { atom_set_from_name("backbone"); }),
            "'backbone' is no set of atoms: choose heavy or ca");
}

TEST(Structure, TakesBackTheCoordinatesItGave) {
  Structure s = example();
  std::vector<float> coordinates = s.coordinates();
  ASSERT_EQ(coordinates.size(), 33u);
  EXPECT_EQ(coordinates[3], 1.5f);
  for (float& value : coordinates) value += 1;
  s.set_coordinates(coordinates.data());
  EXPECT_EQ(s.atoms[1].position.x, 2.5);
  EXPECT_EQ(s.atoms[10].position.z, 4);
  EXPECT_EQ(s.find_atom(1, "OG"), 6);
  EXPECT_EQ(s.find_atom(1, "CB"), -1);
}

TEST(Structure, HasItsCentroidWhereItsAtomsAre) {
  Structure s;
  for (const Vec3 p : {Vec3{1, 2, 3}, Vec3{3, 2, -1}, Vec3{2, 5, 1}}) {
    Atom atom;
    atom.position = p;
    s.atoms.push_back(atom);
  }
  EXPECT_LT(norm(s.centroid() - Vec3{2, 3, 1}), 1e-12);
}

}  // namespace
}  // namespace cryomer
