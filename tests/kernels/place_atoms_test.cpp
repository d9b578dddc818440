#include "cryomer/kernels/place_atoms.h"

#include <cmath>

#include "cryomer/geometry/rotation.h"
#include "cryomer/geometry/superpose.h"
#include "testing.h"

namespace cryomer {
namespace {

// A few residues of one to four atoms with random frames.
struct Chain {
  std::vector<float> rotation, origin, local;
  std::vector<int> first_atom = {0};
  std::vector<Mat3> frames;
  std::vector<Vec3> origins;

  explicit Chain(int residues) {
    Random random(61);
    rotation.resize(9 * residues);
    origin.resize(3 * residues);
    for (int i = 0; i < residues; ++i) {
      frames.push_back(random_rotation(random));
      origins.push_back({random.normal(), random.normal(), random.normal()});
      for (int k = 0; k < 9; ++k) rotation[k * residues + i] = static_cast<float>(frames[i].values[k]);
      for (int k = 0; k < 3; ++k) origin[k * residues + i] = static_cast<float>(origins[i][k]);
      first_atom.push_back(first_atom.back() + 1 + i % 4);
    }
    local.resize(3 * first_atom.back());
    random.fill_normal(local.data(), local.size());
  }
  RigidBodies bodies() const {
    return {int(frames.size()), first_atom.back(), rotation.data(), origin.data(), local.data(), first_atom.data()};
  }
  // The formulas in double precision.
  RigidTransform move(Movement movement, const double* d) const {
    if (movement == Movement::delta) {
      return {rotation_from_two_vectors({1 + d[3], d[4], d[5]}, {d[6], 1 + d[7], d[8]}), {d[0], d[1], d[2]}};
    }
    // The Cayley rotation turns by 2 atan(|w| / 2) about w.
    const Vec3 v{d[0], d[1], d[2]}, w{d[3], d[4], d[5]};
    const double size = norm(w);
    const Vec3 a = 0.5 * w;
    const Vec3 t = (1 / (1 + dot(a, a))) * (v + cross(a, v) + dot(a, v) * a);
    return {rotation_from_vector(size > 0 ? (2 * std::atan(size / 2) / size) * w : w), t};
  }
  std::vector<double> place(Movement movement, const std::vector<double>& moves) const {
    std::vector<double> result;
    for (size_t i = 0; i < frames.size(); ++i) {
      const RigidTransform m = move(movement, &moves[size_of(movement) * i]);
      for (int a = first_atom[i]; a < first_atom[i + 1]; ++a) {
        const Vec3 l{local[3 * a], local[3 * a + 1], local[3 * a + 2]};
        const Vec3 x = frames[i] * m.apply(l) + origins[i];
        result.insert(result.end(), {x.x, x.y, x.z});
      }
    }
    return result;
  }
};

class PlacementOfEveryInstructionSet : public ::testing::TestWithParam<InstructionSet> {};
INSTANTIATE_TEST_SUITE_P(PlaceAtoms, PlacementOfEveryInstructionSet, ::testing::ValuesIn(supported_instruction_sets()),
                         [](const auto& info) { return std::string(name_of(info.param)); });

constexpr Movement kMovements[] = {Movement::delta, Movement::twist};

TEST_P(PlacementOfEveryInstructionSet, GivesTheBaseForMovesOfZeroAndTheFormulaOtherwise) {
  const Chain chain(19);
  Random random(62);
  for (const Movement movement : kMovements) {
    for (const double size : {0.0, 0.5}) {
      std::vector<double> moves(size_of(movement) * 19);
      std::vector<float> single;
      for (double& d : moves) {
        d = static_cast<float>(size * random.normal());
        single.push_back(static_cast<float>(d));
      }
      // A guard behind the last atom must stay untouched.
      std::vector<float> positions(3 * chain.first_atom.back() + 1, 99);
      PlacementWorkspace workspace;
      place_atoms(chain.bodies(), movement, single.data(), positions.data(), workspace, GetParam());
      const std::vector<double> expected = chain.place(movement, moves);
      for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(positions[i], expected[i], 1e-5);
      EXPECT_EQ(positions.back(), 99);
    }
  }
}

TEST_P(PlacementOfEveryInstructionSet, HasTheGradientOfFiniteDifferences) {
  const Chain chain(19);
  Random random(63);
  for (const Movement movement : kMovements) {
    std::vector<double> moves(size_of(movement) * 19);
    std::vector<float> single;
    for (double& d : moves) {
      d = static_cast<float>(0.4 * random.normal());
      single.push_back(static_cast<float>(d));
    }
    std::vector<float> g(3 * chain.first_atom.back()), gradient(moves.size());
    random.fill_normal(g.data(), g.size());
    PlacementWorkspace workspace;
    place_atoms_backward(chain.bodies(), movement, single.data(), g.data(), gradient.data(), workspace, GetParam());
    auto value = [&](const std::vector<double>& d) {
      const std::vector<double> x = chain.place(movement, d);
      double sum = 0;
      for (size_t i = 0; i < x.size(); ++i) sum += x[i] * g[i];
      return sum;
    };
    for (size_t i = 0; i < moves.size(); ++i) {
      std::vector<double> up = moves, down = moves;
      up[i] += 1e-5;
      down[i] -= 1e-5;
      EXPECT_NEAR(gradient[i], (value(up) - value(down)) / 2e-5, 3e-4) << i;
    }
  }
}

// Residues given the same screw, each in its own frame, move as one rigid body: all distances between them stay.
TEST_P(PlacementOfEveryInstructionSet, TurnsResiduesOnOneScrewAxisTogether) {
  const Chain chain(19);
  const Vec3 axis{0.9, -0.4, 0.7}, along{0.3, 0.5, -0.2};  // velocity of a point x: along + axis cross x
  std::vector<float> twist;
  for (size_t i = 0; i < chain.frames.size(); ++i) {
    const Mat3 back = transposed(chain.frames[i]);
    const Vec3 v = back * (along + cross(axis, chain.origins[i])), w = back * axis;
    for (const double value : {v.x, v.y, v.z, w.x, w.y, w.z}) twist.push_back(static_cast<float>(value));
  }
  const std::vector<float> still(twist.size(), 0.0f);
  std::vector<float> before(3 * chain.first_atom.back()), after(before.size());
  PlacementWorkspace workspace;
  place_atoms(chain.bodies(), Movement::twist, still.data(), before.data(), workspace, GetParam());
  place_atoms(chain.bodies(), Movement::twist, twist.data(), after.data(), workspace, GetParam());
  EXPECT_LT(superpose(before.data(), after.data(), before.size() / 3).rmsd, 1e-5);
  double moved = 0;
  for (size_t i = 0; i < before.size(); ++i) moved = std::max(moved, std::abs(double{before[i]} - after[i]));
  EXPECT_GT(moved, 1);
}

}  // namespace
}  // namespace cryomer
