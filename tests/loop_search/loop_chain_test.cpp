#include "cryomer/loop_search/loop_chain.h"

#include <map>

#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::error_of;
using testing::polyalanine;
using testing::polyserine;

// The largest change of a distance within a residue and across each peptide bond (C-N, CA-N, C-CA), both ends included.
double distortion(const Structure& before, const Structure& after) {
  double most = 0;
  auto compare = [&](int a, int b) {
    most = std::max(most, std::abs(norm(before.atoms[size_t(a)].position - before.atoms[size_t(b)].position) -
                                   norm(after.atoms[size_t(a)].position - after.atoms[size_t(b)].position)));
  };
  for (int r = 0; r < before.residue_count(); ++r) {
    const int n = before.find_atom(r, "N"), ca = before.find_atom(r, "CA"), c = before.find_atom(r, "C");
    compare(n, ca);
    compare(n, c);
    compare(ca, c);
    compare(ca, before.find_atom(r, "CB"));
    compare(n, before.find_atom(r, "CB"));
    compare(c, before.find_atom(r, "O"));
    compare(ca, before.find_atom(r, "O"));
    if (r == 0) continue;
    compare(before.find_atom(r - 1, "C"), n);
    compare(before.find_atom(r - 1, "CA"), n);
    compare(before.find_atom(r - 1, "C"), ca);
    compare(before.find_atom(r - 1, "O"), n);
  }
  return most;
}

Structure with_loop(Structure s, int first, const LoopChain& loop) {
  for (int a = 0; a < loop.atom_count(); ++a) s.atoms[size_t(s.residues[first].first_atom + a)].position = loop.positions()[size_t(a)];
  return s;
}

double largest_move(const Structure& a, const Structure& b) {
  double most = 0;
  for (size_t i = 0; i < a.atoms.size(); ++i) most = std::max(most, norm(a.atoms[i].position - b.atoms[i].position));
  return most;
}

TEST(LoopChain, MovesFarAndStaysWhole) {
  const Structure s = polyalanine(24);
  LoopChain loop(s, 8, 16);
  Random random(3);
  int moved = 0;
  for (int i = 0; i < 500; ++i) moved += loop.move(0.5, random);
  EXPECT_GT(moved, 100);
  EXPECT_LE(loop.gap(), 0.05);
  const Structure after = with_loop(s, 8, loop);
  EXPECT_GT(largest_move(s, after), 4);
  // The end may be off by the gap, and by no more however many moves there were.
  EXPECT_LT(distortion(s, after), 0.12);
}

TEST(LoopChain, LeavesAllAsItWasWhenItCannotClose) {
  const Structure s = polyalanine(24);
  LoopChain loop(s, 8, 16);
  Random random(5);
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    const std::vector<Vec3> before = loop.positions();
    if (loop.move(3, random)) continue;
    ++refused;
    for (size_t a = 0; a < before.size(); ++a) ASSERT_EQ(norm(before[a] - loop.positions()[a]), 0);
  }
  EXPECT_GT(refused, 10);
}

TEST(LoopChain, HangsOnOneEndAtTheEndsOfAChain) {
  const Structure s = polyalanine(24);
  for (const bool start : {true, false}) {
    const int first = start ? 0 : 17;
    LoopChain loop(s, first, first + 6);
    Random random(7);
    for (int i = 0; i < 200; ++i) EXPECT_TRUE(loop.move(0.5, random));
    const Structure after = with_loop(s, first, loop);
    EXPECT_GT(largest_move(s, after), 4);
    EXPECT_LT(distortion(s, after), 0.01) << first;
  }
}

TEST(LoopChain, TurnsSideChainsAlone) {
  const Structure s = polyserine(12);
  LoopChain loop(s, 4, 8);
  Random random(9);
  std::map<int, double> farthest;  // of each residue's OG: a side chain may come back to where it was
  for (int i = 0; i < 30; ++i) {
    loop.move_side_chain(random);
    const Structure now = with_loop(s, 4, loop);
    for (int r = 4; r <= 8; ++r) {
      const auto og = size_t(s.find_atom(r, "OG"));
      farthest[r] = std::max(farthest[r], norm(s.atoms[og].position - now.atoms[og].position));
    }
  }
  const Structure after = with_loop(s, 4, loop);
  for (size_t a = 0; a < s.atoms.size(); ++a) {
    const bool turns = s.atoms[a].name == "OG" && s.atoms[a].residue >= 4 && s.atoms[a].residue <= 8;
    if (turns) continue;
    EXPECT_LT(norm(s.atoms[a].position - after.atoms[a].position), 1e-12) << a;
  }
  for (int r = 4; r <= 8; ++r) {
    const size_t og = size_t(s.find_atom(r, "OG")), cb = size_t(s.find_atom(r, "CB"));
    EXPECT_GT(farthest[r], 0.1);
    EXPECT_NEAR(norm(s.atoms[og].position - s.atoms[cb].position), norm(after.atoms[og].position - after.atoms[cb].position), 1e-9);
  }
}

TEST(LoopChain, PutsSideChainsWhereTheyAreStaggered) {
  const Structure s = polyserine(12);
  LoopChain loop(s, 4, 8);
  Random random(10);
  std::map<long, int> wells;
  double far = 0;
  for (int i = 0; i < 600; ++i) {
    loop.move_side_chain(random);
    if (i < 100) continue;  // until each has been turned
    const Structure after = with_loop(s, 4, loop);
    for (const SideChainBond& b : side_chain_bonds(after)) {
      if (b.residue < 4 || b.residue > 8) continue;
      const auto x = [&](int a) { return after.atoms[size_t(a)].position; };
      const double chi = torsion_angle(x(b.before), x(b.from), x(b.about), x(b.after));
      far += from_staggered(chi) > radians(30);
      ++wells[std::lround((degrees(chi) + 360 - 60) / 120) % 3];
    }
  }
  EXPECT_LT(far, 0.02 * 2500);
  for (const auto& [well, count] : wells) EXPECT_NEAR(count, 833, 250) << well;
  EXPECT_EQ(wells.size(), 3u);
}

TEST(LoopChain, DoesNotFoldASideChainOntoItself) {
  // A lysine at the end of a chain, whose bonds are found again in each of its conformations.
  Structure s = polyalanine(12);
  testing::add_tail(s, {{"CG", 6}, {"CD", 6}, {"CE", 6}, {"NZ", 7}});
  ASSERT_EQ(side_chain_bonds(s).size(), 4u);
  LoopChain loop(s, 8, 11);
  Random random(11);
  for (int i = 0; i < 3000; ++i) {
    loop.move_side_chain(random);
    ASSERT_EQ(side_chain_bonds(with_loop(s, 8, loop)).size(), 4u) << i;
  }
}

TEST(LoopChain, CountsOutliersLeftHandsAndClashes) {
  const LoopChain helix(polyalanine(24), 8, 16);
  EXPECT_EQ(helix.ramachandran_outliers(), 0);
  EXPECT_EQ(helix.clashes(), 0);
  const LoopChain twisted(polyalanine(24, 60, -120), 8, 16);
  EXPECT_EQ(twisted.ramachandran_outliers(), 9);
  EXPECT_EQ(helix.left_handed_price(), 0);
  EXPECT_NEAR(twisted.left_handed_price(), 9 * 3, 1e-9);
  Structure folded = polyalanine(24);
  folded.atoms[size_t(folded.find_atom(9, "CA"))].position = folded.atoms[size_t(folded.find_atom(15, "CA"))].position;
  EXPECT_GE(LoopChain(folded, 8, 16).clashes(), 1);
}

TEST(LoopChain, RefusesWhatIsNoLoop) {
  Structure s = polyalanine(12);
  EXPECT_NE(error_of([&] { LoopChain(s, 0, 11); }).find("A/1 to A/12 are a whole chain"), std::string::npos);
  s.residues[6].bonded_to_previous = false;
  EXPECT_NE(error_of([&] { LoopChain(s, 4, 8); }).find("broken before A/7"), std::string::npos);
  s.residues[6].bonded_to_previous = true;
  s.atoms[size_t(s.find_atom(6, "N"))].name = "X";
  EXPECT_NE(error_of([&] { LoopChain(s, 4, 8); }).find("A/7 has no backbone atom N"), std::string::npos);
}

}  // namespace
}  // namespace cryomer
