#include "cryomer/protein/rigid_residues.h"

#include "cryomer/geometry/rotation.h"
#include "cryomer/protein/atom_blobs.h"
#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::add_atom;
using testing::add_residue;
using testing::polyalanine;

// Three alanines, a nucleotide and an ion.
Structure mixture() {
  Structure s = polyalanine(3);
  add_residue(s, "B", 1, "DA", false, ResidueKind::nucleotide);
  add_atom(s, "P", 15, {20, 1, 2});
  add_atom(s, "O5'", 8, {21.5, 1, 2});
  add_atom(s, "C5'", 6, {22, 2.4, 2});
  add_residue(s, "A", 50, "CA", false, ResidueKind::other);
  add_atom(s, "CA", 20, {-7, 8, 9});
  return s;
}

TEST(ResidueFrames, HaveTheirOriginAtCaTheirXAxisTowardsCAndNInTheirPlane) {
  const Structure s = polyalanine(6);
  const std::vector<ResidueFrame> frames = residue_frames(s);
  ASSERT_EQ(frames.size(), 6u);
  for (int r = 0; r < 6; ++r) {
    EXPECT_NEAR(determinant(frames[r].rotation), 1, 1e-12);
    const Mat3 back = transposed(frames[r].rotation);
    auto local = [&](const char* name) { return back * (s.atoms[s.find_atom(r, name)].position - frames[r].origin); };
    EXPECT_NEAR(norm(local("CA")), 0, 1e-12);
    EXPECT_NEAR(local("C").x, 1.525, 0.02);
    EXPECT_NEAR(local("C").y, 0, 1e-9);
    EXPECT_NEAR(local("C").z, 0, 1e-9);
    EXPECT_GT(local("N").y, 1.3);
    EXPECT_NEAR(local("N").z, 0, 1e-9);
  }
}

TEST(ResidueFrames, TurnWithTheStructure) {
  Structure s = polyalanine(4);
  const std::vector<ResidueFrame> before = residue_frames(s);
  Random random(3);
  const RigidTransform move{random_rotation(random), {3, -20, 7}};
  for (Atom& atom : s.atoms) atom.position = move.apply(atom.position);
  const std::vector<ResidueFrame> after = residue_frames(s);
  for (int r = 0; r < 4; ++r) {
    EXPECT_LT(rotation_distance(after[r].rotation, move.rotation * before[r].rotation), 1e-7);
    EXPECT_LT(norm(after[r].origin - move.apply(before[r].origin)), 1e-9);
  }
}

TEST(ResidueFrames, OfNucleotidesAndLigandsAreTheAxesAtTheirCentroid) {
  const std::vector<ResidueFrame> frames = residue_frames(mixture());
  for (const int r : {3, 4}) EXPECT_EQ(frames[r].rotation.values, Mat3().values);
  EXPECT_LT(norm(frames[3].origin - Vec3{63.5 / 3, 4.4 / 3, 2}), 1e-12);
  EXPECT_LT(norm(frames[4].origin - Vec3{-7, 8, 9}), 1e-12);
}

TEST(RigidResidues, GiveTheStructureBackWhenNothingMoves) {
  const Structure s = mixture();
  const auto bodies = rigid_residues(s);
  ASSERT_EQ(bodies->residue_count(), 5);
  ASSERT_EQ(bodies->atom_count(), s.atom_count());
  for (const Movement movement : {Movement::delta, Movement::twist}) {
    const std::vector<float> found = to_floats(place_atoms(bodies, movement, at::zeros({1, 5, size_of(movement)})));
    const std::vector<float> expected = s.coordinates();
    for (size_t k = 0; k < expected.size(); ++k) EXPECT_NEAR(found[k], expected[k], 1e-5);
  }
}

TEST(RigidResidues, MoveByTranslationsInTheirOwnFrames) {
  const Structure s = mixture();
  Tensor moves = at::zeros({1, 5, 6});
  moves[0][1][0] = 2;  // along the second alanine's x axis, from CA to C
  const std::vector<float> found = to_floats(place_atoms(rigid_residues(s), Movement::twist, moves));
  const Vec3 ca = s.atoms[s.find_atom(1, "CA")].position, c = s.atoms[s.find_atom(1, "C")].position;
  const Vec3 step = 2 * normalized(c - ca);
  for (int a = 0; a < s.atom_count(); ++a) {
    const Vec3 expected = s.atoms[a].position + (s.atoms[a].residue == 1 ? step : Vec3{});
    EXPECT_LT(norm(Vec3{found[3 * a], found[3 * a + 1], found[3 * a + 2]} - expected), 1e-5) << a;
  }
}

TEST(UnitBlobs, HaveMassOneAndTheGivenWidth) {
  const Structure s = mixture();
  const AtomBlobTensors blobs = unit_blobs(s, 1.25);
  EXPECT_TRUE(at::equal(blobs.amplitude, at::ones({s.atom_count()})));
  EXPECT_TRUE(at::equal(blobs.width, at::full({s.atom_count()}, 1.25f)));
  for (const double width : {0.0, -1.0, double(NAN)}) {
    EXPECT_NE(testing::error_of([&] { unit_blobs(s, width); }).find("expected a positive length"), std::string::npos);
  }
}

TEST(RigidResidues, AtomsWithoutAPlaceOfTheirOwnAreNamed) {
  Structure s = polyalanine(3);
  EXPECT_EQ(rigid_residues(s)->residue_count(), 3);
  s.atoms[s.find_atom(1, "C")].position = s.atoms[s.find_atom(1, "N")].position;
  const std::string message = testing::error_of([&] { rigid_residues(s); });
  EXPECT_NE(message.find(atom_label(s, s.find_atom(1, "N"))), std::string::npos) << message;
  EXPECT_NE(message.find(atom_label(s, s.find_atom(1, "C"))), std::string::npos) << message;
}

}  // namespace
}  // namespace cryomer
