#include "cryomer/protein/relaxation.h"

#include <cmath>

#include "cryomer/protein/restraints.h"
#include "cryomer/protein/rigid_residues.h"
#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::polyalanine;

Vec3 at(const std::vector<float>& x, int atom) { return {x[3 * atom], x[3 * atom + 1], x[3 * atom + 2]}; }

double rmsd_in_place(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t k = 0; k < a.size(); ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
  return std::sqrt(3 * sum / double(a.size()));
}

// A helix every residue of which was moved and turned at random.
struct Torn {
  Structure structure = polyalanine(30);
  std::shared_ptr<const RigidBodyData> bodies = rigid_residues(structure);
  std::vector<DistanceRestraint> restraints = chain_restraints(structure);
  std::vector<float> positions;

  explicit Torn(double size) {
    Tensor twists = at::empty({1, 30, 6});
    Random(4).fill_normal(twists.data_ptr<float>(), size_t(twists.numel()));
    twists = twists * tensor_from(std::vector<float>{1, 1, 1, 0.2f, 0.2f, 0.2f}, {6}) * size;
    positions = to_floats(place_atoms(bodies, Movement::twist, twists));
  }

  double largest_gap(const std::vector<float>& x) const {
    double largest = 0;
    for (const DistanceRestraint& bond : peptide_bonds(structure)) {
      largest = std::max(largest, std::abs(norm(at(x, bond.i) - at(x, bond.j)) - 1.329));
    }
    return largest;
  }
};

TEST(RelaxChain, ClosesTheBonds) {
  const Torn torn(0.2);
  ASSERT_GT(torn.largest_gap(torn.positions), 0.3);
  std::vector<float> x = torn.positions;
  const double left = relax_chain(*torn.bodies, torn.restraints, x.data());
  EXPECT_LT(left, 0.005);
  EXPECT_LT(torn.largest_gap(x), 0.006);  // measured after the last sweep
  EXPECT_LT(distance_restraint_energy(torn.restraints, x.data(), nullptr),
            0.02 * distance_restraint_energy(torn.restraints, torn.positions.data(), nullptr));
}

// As the paper's recipe leaves them, which holds residues together by their C-N bonds alone.
TEST(RelaxChain, DoesNotFlyApartWhereResiduesAreTurnedAnyhow) {
  for (const double size : {1.0, 3.0, 10.0}) {
    const Torn torn(size);
    std::vector<float> x = torn.positions;
    const double before = torn.largest_gap(x);
    relax_chain(*torn.bodies, torn.restraints, x.data());
    for (const float value : x) ASSERT_LT(std::abs(value), 200) << size;
    EXPECT_LT(torn.largest_gap(x), 0.5 * before) << size;
    for (int r = 0; r < 30; ++r) {
      const int n = torn.structure.find_atom(r, "N"), o = torn.structure.find_atom(r, "O");
      EXPECT_NEAR(norm(at(x, n) - at(x, o)), norm(at(torn.positions, n) - at(torn.positions, o)), 1e-3);
    }
  }
}

TEST(RelaxChain, KeepsResiduesRigid) {
  const Torn torn(0.2);
  std::vector<float> x = torn.positions;
  relax_chain(*torn.bodies, torn.restraints, x.data());
  for (int r = 0; r < torn.structure.residue_count(); ++r) {
    const Residue& residue = torn.structure.residues[r];
    for (int i = residue.first_atom; i < residue.first_atom + residue.atom_count; ++i) {
      for (int j = residue.first_atom; j < i; ++j) {
        EXPECT_NEAR(norm(at(x, i) - at(x, j)), norm(torn.structure.atoms[i].position - torn.structure.atoms[j].position), 1e-4);
      }
    }
    // Not mirrored either.
    auto handedness = [&](const std::vector<float>& y) {
      const int ca = torn.structure.find_atom(r, "CA");
      auto arm = [&](const char* name) { return at(y, torn.structure.find_atom(r, name)) - at(y, ca); };
      return dot(arm("N"), cross(arm("C"), arm("CB")));
    };
    EXPECT_NEAR(handedness(x), handedness(torn.structure.coordinates()), 1e-3);
  }
}

TEST(RelaxChain, MovesAtomsByNoMoreThanTheyWereTorn) {
  const Torn torn(0.2);
  std::vector<float> x = torn.positions;
  relax_chain(*torn.bodies, torn.restraints, x.data());
  EXPECT_LT(rmsd_in_place(x, torn.positions), 1.2 * rmsd_in_place(torn.structure.coordinates(), torn.positions));
  // Inner forces move the centre of mass of nothing.
  Vec3 before, after;
  for (int a = 0; a < torn.structure.atom_count(); ++a) before += at(torn.positions, a), after += at(x, a);
  EXPECT_LT(norm(after - before) / torn.structure.atom_count(), 1e-4);
}

TEST(RelaxChain, LeavesAClosedChainWhereItIs) {
  const Torn torn(0.0);
  std::vector<float> x = torn.positions;
  EXPECT_LT(relax_chain(*torn.bodies, torn.restraints, x.data()), 1e-3);
  EXPECT_LT(rmsd_in_place(x, torn.positions), 1e-3);
}

TEST(RelaxChain, LeavesABreakOpen) {
  Torn torn(0.0);
  torn.structure.residues[15].bonded_to_previous = false;
  torn.restraints = chain_restraints(torn.structure);
  std::vector<float> x = torn.positions;
  for (size_t k = 3 * size_t(torn.structure.residues[15].first_atom); k < x.size(); k += 3) x[k] += 5;
  const std::vector<float> apart = x;
  relax_chain(*torn.bodies, torn.restraints, x.data());
  EXPECT_LT(rmsd_in_place(x, apart), 1e-3);
}

TEST(RelaxChain, SaysWhatIsLeftWhenItMustStopEarly) {
  const Torn torn(0.2);
  std::vector<float> x = torn.positions;
  Relaxation short_of_breath;
  short_of_breath.largest_sweep_count = 1;
  EXPECT_GT(relax_chain(*torn.bodies, torn.restraints, x.data(), short_of_breath), 0.1);
}

}  // namespace
}  // namespace cryomer
