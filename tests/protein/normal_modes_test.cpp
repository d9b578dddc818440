#include "cryomer/protein/normal_modes.h"

#include <cmath>

#include "cryomer/protein/rigid_residues.h"
#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::add_atom;
using testing::add_residue;
using testing::polyalanine;

// How each mode moves the atoms, to first order: [modes, atoms, 3] A.
Tensor displacements(const NormalModes& modes, const Structure& s) {
  const std::vector<ResidueFrame> frames = residue_frames(s);
  Tensor moved = at::empty({modes.size(), s.atom_count(), 3}, at::kDouble);
  const auto t = modes.translation.accessor<float, 3>(), w = modes.rotation.accessor<float, 3>();
  for (int64_t m = 0; m < modes.size(); ++m) {
    for (int a = 0; a < s.atom_count(); ++a) {
      const int r = s.atoms[a].residue;
      const Vec3 local = transposed(frames[r].rotation) * (s.atoms[a].position - frames[r].origin);
      const Vec3 d = frames[r].rotation *
                     (Vec3{t[m][r][0], t[m][r][1], t[m][r][2]} + cross(Vec3{w[m][r][0], w[m][r][1], w[m][r][2]}, local));
      for (int k = 0; k < 3; ++k) moved[m][a][k] = d[k];
    }
  }
  return moved;
}

TEST(NormalModes, MoveAtomsByOneAngstromAndAreOrthogonal) {
  const Structure s = polyalanine(24);
  const NormalModes modes = normal_modes(s, 12);
  ASSERT_EQ(modes.size(), 12);
  EXPECT_EQ(modes.twists().sizes(), (at::IntArrayRef{12, 24, 6}));
  const Tensor d = displacements(modes, s).reshape({12, -1});
  // Not to the last digit: residues have a little inertia of their own, so that single atoms can turn.
  const Tensor overlap = at::matmul(d, d.t()) / double(s.atom_count());
  EXPECT_TRUE(at::allclose(overlap, at::eye(12, at::kDouble), 0, 0.03)) << overlap;
}

TEST(NormalModes, GoFromSoftToStiff) {
  const NormalModes modes = normal_modes(polyalanine(24), 40);
  EXPECT_GT(modes.stiffness[0], 1e-6);
  for (int64_t m = 1; m < modes.size(); ++m) EXPECT_GE(modes.stiffness[m], modes.stiffness[m - 1]);
}

TEST(NormalModes, NeitherMoveNorTurnTheWhole) {
  const Structure s = polyalanine(24);
  const NormalModes modes = normal_modes(s, 8);
  const Tensor d = displacements(modes, s);
  Vec3 centre;
  for (const Atom& atom : s.atoms) centre += (1.0 / s.atom_count()) * atom.position;
  const auto moved = d.accessor<double, 3>();
  for (int64_t m = 0; m < modes.size(); ++m) {
    Vec3 momentum, spin;
    double inertia = 0;
    for (int a = 0; a < s.atom_count(); ++a) {
      const Vec3 x = s.atoms[a].position - centre, v{moved[m][a][0], moved[m][a][1], moved[m][a][2]};
      momentum += v;
      spin += cross(x, v);
      inertia += dot(x, x);
    }
    EXPECT_LT(norm(momentum) / s.atom_count(), 1e-4) << m;
    EXPECT_LT(norm(spin) / inertia, 2e-3) << m;  // rad
  }
}

TEST(NormalModes, TurnWithTheStructure) {
  Structure s = polyalanine(16);
  const NormalModes before = normal_modes(s, 5);
  const Tensor d = displacements(before, s);
  Random random(9);
  const Mat3 rotation = random_rotation(random);
  for (Atom& atom : s.atoms) atom.position = rotation * atom.position + Vec3{50, 60, -70};
  const NormalModes after = normal_modes(s, 5);
  Tensor r = at::empty({3, 3}, at::kDouble);
  for (int k = 0; k < 9; ++k) r.data_ptr<double>()[k] = rotation.values[k];
  const Tensor turned = at::matmul(d, r.t()), found = displacements(after, s);
  for (int m = 0; m < 5; ++m) {
    EXPECT_NEAR(after.stiffness[m], before.stiffness[m], 1e-6 * before.stiffness[m]);
    EXPECT_NEAR(std::abs((turned[m] * found[m]).sum().item<double>()) / s.atom_count(), 1, 0.03)
        << m;  // displacements are of finite size
  }
}

// A long helix is an elastic beam with free ends, whose softest vibration bends it: the ends go one way by 2, the middle the
// other way by 1.22 (in units of the root mean square; Euler and Bernoulli), in two directions of equal stiffness.
TEST(NormalModes, OfAHelixAreThoseOfABeam) {
  const int n = 40;
  const Structure s = polyalanine(n);
  const NormalModes modes = normal_modes(s, 6);
  EXPECT_NEAR(modes.stiffness[1] / modes.stiffness[0], 1, 0.1);
  EXPECT_GT(modes.stiffness[2] / modes.stiffness[0], 4);
  const Tensor d = displacements(modes, s);
  auto mean_over = [&](int mode, int first, int last) {
    Vec3 sum;
    int count = 0;
    for (int a = 0; a < s.atom_count(); ++a) {
      if (s.atoms[a].residue < first || s.atoms[a].residue >= last) continue;
      for (int k = 0; k < 3; ++k) sum[k] += d[mode][a][k].item<double>();
      ++count;
    }
    return (1.0 / count) * sum;
  };
  Vec3 axis;
  for (int r = 0; r < 4; ++r) axis += s.atoms[s.find_atom(n - 1 - r, "CA")].position - s.atoms[s.find_atom(r, "CA")].position;
  axis = normalized(axis);
  for (int mode = 0; mode < 2; ++mode) {
    const Vec3 first = mean_over(mode, 0, 3), middle = mean_over(mode, n / 2 - 2, n / 2 + 2), last = mean_over(mode, n - 3, n);
    const Vec3 side = normalized(first);
    EXPECT_LT(std::abs(dot(side, axis)), 0.2);
    EXPECT_NEAR(dot(first, side), 1.8, 0.3);
    EXPECT_NEAR(dot(last, side), 1.8, 0.3);
    EXPECT_NEAR(dot(middle, side), -1.22, 0.2);
  }
}

TEST(NormalModes, ShareBlocksWhenThereAreManyResidues) {
  const Structure s = polyalanine(40);
  ElasticNetwork coarse;
  coarse.largest_block_count = 20;
  const NormalModes fine = normal_modes(s, 4), blocks = normal_modes(s, 4, coarse);
  EXPECT_EQ(blocks.translation.sizes(), fine.translation.sizes());
  const Tensor a = displacements(fine, s), b = displacements(blocks, s);
  // The two bending modes span the same plane.
  double shared = 0;
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) shared += std::pow((a[i] * b[j]).sum().item<double>() / s.atom_count(), 2);
  }
  EXPECT_GT(shared / 2, 0.97);
}

// Neither an ion nor a pair of atoms adds modes that move nothing: the softest ones are still those of the helix.
TEST(NormalModes, AreNotMadeUpByThingsThatTurnInPlace) {
  const Structure helix = polyalanine(24);
  Structure s = helix;
  add_residue(s, "A", 98, "ZN", false, ResidueKind::other);
  add_atom(s, "ZN", 30, {40, 15, 15});
  add_residue(s, "A", 99, "CMO", false, ResidueKind::other);
  add_atom(s, "C", 6, s.atoms[s.find_atom(5, "CB")].position + Vec3{2, 2, 2});
  add_atom(s, "O", 8, s.atoms[s.find_atom(5, "CB")].position + Vec3{2, 2, 3.1});
  const NormalModes modes = normal_modes(s, 6), expected = normal_modes(helix, 1);
  EXPECT_GT(modes.stiffness[0], 0.01 * expected.stiffness[0]);
  const Tensor d = displacements(modes, s).reshape({6, -1});
  const Tensor overlap = at::matmul(d, d.t()) / double(s.atom_count());
  EXPECT_TRUE(at::allclose(overlap, at::eye(6, at::kDouble), 0, 0.03)) << overlap;
}

TEST(NormalModes, HoldPiecesThatDoNotTouch) {
  // Two helices 20 A apart, a third one beyond them, and an ion far from all.
  Structure s = polyalanine(40);
  for (Atom& atom : s.atoms) {
    if (atom.residue >= 15) atom.position += Vec3{0, 20, 3};
    if (atom.residue >= 30) atom.position += Vec3{4, -5, 25};
  }
  add_residue(s, "B", 1, "ZN", false, ResidueKind::other);
  add_atom(s, "ZN", 30, {-30, -10, 5});
  const NormalModes apart = normal_modes(s, 24), whole = normal_modes(polyalanine(40), 24);
  EXPECT_GT(apart.stiffness[0], 1e-2 * whole.stiffness[0]);
  // Halves of a helix that come apart, from where they touch to where they do not: an atom's contact alone is no hold.
  for (const double gap : {2.0, 2.6, 3.0, 3.5, 4.0, 6.0}) {
    Structure halves = polyalanine(40);
    for (Atom& atom : halves.atoms) {
      if (atom.residue >= 20) atom.position += Vec3{gap, gap, gap};
    }
    EXPECT_GT(normal_modes(halves, 24).stiffness[0], 1e-2 * whole.stiffness[0]) << gap;
  }
}

TEST(NormalModes, NeedMoreThanOneResidue) {
  EXPECT_NE(testing::error_of([] { normal_modes(polyalanine(1), 4); }).find("too few residues"), std::string::npos);
  EXPECT_EQ(normal_modes(polyalanine(2), 100).size(), 6);  // no more than there are
}

}  // namespace
}  // namespace cryomer
