#include "cryomer/kernels/place_atoms.h"

#include <cmath>

#include "cryomer/geometry/rotation.h"
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
  std::vector<double> place(const std::vector<double>& delta) const {
    std::vector<double> result;
    for (size_t i = 0; i < frames.size(); ++i) {
      const double* d = &delta[9 * i];
      const Mat3 r = rotation_from_two_vectors({1 + d[3], d[4], d[5]}, {d[6], 1 + d[7], d[8]});
      for (int a = first_atom[i]; a < first_atom[i + 1]; ++a) {
        const Vec3 l{local[3 * a], local[3 * a + 1], local[3 * a + 2]};
        const Vec3 x = frames[i] * (r * l + Vec3{d[0], d[1], d[2]}) + origins[i];
        result.insert(result.end(), {x.x, x.y, x.z});
      }
    }
    return result;
  }
};

class PlacementOfEveryInstructionSet : public ::testing::TestWithParam<InstructionSet> {};
INSTANTIATE_TEST_SUITE_P(PlaceAtoms, PlacementOfEveryInstructionSet, ::testing::ValuesIn(supported_instruction_sets()),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST_P(PlacementOfEveryInstructionSet, GivesTheBaseForADeltaOfZeroAndTheFormulaOtherwise) {
  const Chain chain(19);
  Random random(62);
  for (const double size : {0.0, 0.5}) {
    std::vector<double> delta(9 * 19);
    std::vector<float> single;
    for (double& d : delta) {
      d = static_cast<float>(size * random.normal());
      single.push_back(static_cast<float>(d));
    }
    // A guard behind the last atom must stay untouched.
    std::vector<float> positions(3 * chain.first_atom.back() + 1, 99);
    PlacementWorkspace workspace;
    place_atoms(chain.bodies(), single.data(), positions.data(), workspace, GetParam());
    const std::vector<double> expected = chain.place(delta);
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(positions[i], expected[i], 1e-5);
    EXPECT_EQ(positions.back(), 99);
  }
}

TEST_P(PlacementOfEveryInstructionSet, HasTheGradientOfFiniteDifferences) {
  const Chain chain(19);
  Random random(63);
  std::vector<double> delta(9 * 19);
  std::vector<float> single;
  for (double& d : delta) {
    d = static_cast<float>(0.3 * random.normal());
    single.push_back(static_cast<float>(d));
  }
  std::vector<float> g(3 * chain.first_atom.back()), gradient(9 * 19);
  random.fill_normal(g.data(), g.size());
  PlacementWorkspace workspace;
  place_atoms_backward(chain.bodies(), single.data(), g.data(), gradient.data(), workspace, GetParam());
  auto value = [&](const std::vector<double>& d) {
    const std::vector<double> x = chain.place(d);
    double sum = 0;
    for (size_t i = 0; i < x.size(); ++i) sum += x[i] * g[i];
    return sum;
  };
  for (size_t i = 0; i < delta.size(); ++i) {
    std::vector<double> up = delta, down = delta;
    up[i] += 1e-5;
    down[i] -= 1e-5;
    EXPECT_NEAR(gradient[i], (value(up) - value(down)) / 2e-5, 2e-4) << i;
  }
}

}  // namespace
}  // namespace cryomer
