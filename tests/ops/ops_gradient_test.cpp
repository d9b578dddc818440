// The operations inside libtorch's graph: each against finite differences of its own forward pass, in the directions of
// all inputs at once.
#include <torch/csrc/autograd/autograd.h>

#include "cryomer/base/random.h"
#include "cryomer/base/units.h"
#include "cryomer/ops/image_likelihood_op.h"
#include "cryomer/ops/place_atoms_op.h"
#include "cryomer/ops/structure_energies.h"
#include "random_tensor.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::random_tensor;

// d/dh f(x + h v) by central differences against <gradient, v>.
void expect_directional_derivative(const std::function<Tensor(const Tensor&)>& f, const Tensor& x, Random& random,
                                   double step, double tolerance) {
  Tensor leaf = x.clone().set_requires_grad(true);
  const Tensor value = f(leaf).sum();
  const Tensor gradient = torch::autograd::grad({value}, {leaf})[0];
  for (int trial = 0; trial < 3; ++trial) {
    const Tensor v = random_tensor(random, x.sizes(), 1);
    at::NoGradGuard guard;
    const double up = f(x + step * v).sum().item<double>(), down = f(x - step * v).sum().item<double>();
    const double expected = (up - down) / (2 * step), got = (gradient * v).sum().item<double>();
    EXPECT_NEAR(got, expected, tolerance * (1 + std::abs(expected)));
  }
}

struct Scene {
  AtomBlobTensors atoms;
  Tensor positions, rotation, shift;
  ViewIndex index;
  ObservedBatch observed;

  Scene() {
    Random random(71);
    const int box = 24;
    atoms.amplitude = at::full({10}, 3.0f);
    atoms.width = at::full({10}, 1.5f);
    positions = random_tensor(random, {2, 10, 3}, 3);
    rotation = at::eye(3).repeat({3, 1, 1}) + random_tensor(random, {3, 3, 3}, 0.1);
    shift = random_tensor(random, {3, 2}, 0.5);
    index.conformation = tensor_from(std::vector<int64_t>{1, 0, 1});
    index.image = tensor_from(std::vector<int64_t>{0, 1, 1});
    observed.grid = {box, box};
    observed.weighted_data = random_tensor(random, {2, box, box / 2 + 1, 2}, 0.1);
    observed.weighted_power = random_tensor(random, {2, box, box / 2 + 1}, 0.05).square();
    observed.pixel_size = at::full({2}, 1.2f);
    observed.scale_mean = at::ones({2});
    observed.scale_precision = at::ones({2});
  }
};

TEST(ImageLogLikelihood, HasItsGradientInPositionsRotationShiftAndWidths) {
  Scene s;
  Random random(72);
  auto value = [&](const Tensor& p, const Tensor& r, const Tensor& t) {
    // Unequal weights, so that mixing up views is noticed.
    return image_log_likelihood(s.atoms, p, r, t, s.index, s.observed).log_likelihood *
           tensor_from(std::vector<float>{1, -2, 3}, {3});
  };
  expect_directional_derivative([&](const Tensor& p) { return value(p, s.rotation, s.shift); }, s.positions, random, 2e-3, 2e-2);
  expect_directional_derivative([&](const Tensor& r) { return value(s.positions, r, s.shift); }, s.rotation, random, 1e-3, 2e-2);
  expect_directional_derivative([&](const Tensor& t) { return value(s.positions, s.rotation, t); }, s.shift, random, 2e-3, 2e-2);
  const AtomBlobTensors atoms = s.atoms;
  expect_directional_derivative(
      [&](const Tensor& w) {
        s.atoms.width = w;
        return value(s.positions, s.rotation, s.shift);
      },
      atoms.width, random, 2e-3, 2e-2);
}

TEST(ImageLogLikelihood, NamesAWrongArgument) {
  Scene s;
  s.index.image = tensor_from(std::vector<int64_t>{0, 1, 2});
  EXPECT_NE(testing::error_of([&] { image_log_likelihood(s.atoms, s.positions, s.rotation, s.shift, s.index, s.observed); })
                .find("index.image points outside of 0..1"),
            std::string::npos);
  s = Scene();
  EXPECT_NE(testing::error_of([&] {
              image_log_likelihood(s.atoms, s.positions, s.rotation, s.shift.slice(0, 0, 2), s.index, s.observed);
            }).find("shift has shape [2, 2], expected [3, 2]"),
            std::string::npos);
}

TEST(PlaceAtoms, HasItsGradientInTheGraph) {
  Random random(73);
  auto bodies = std::make_shared<RigidBodyData>();
  const int residues = 5;
  bodies->rotation.resize(9 * residues);
  for (int i = 0; i < residues; ++i) {
    for (const int k : {0, 4, 8}) bodies->rotation[k * residues + i] = 1;
    bodies->first_atom.push_back(3 * i);
  }
  bodies->first_atom.push_back(3 * residues);
  bodies->origin.resize(3 * residues, 0.5f);
  bodies->local.resize(9 * residues);
  random.fill_normal(bodies->local.data(), bodies->local.size());
  const Tensor weights = random_tensor(random, {2, 3 * residues, 3}, 1);
  for (const Movement movement : {Movement::delta, Movement::twist}) {
    expect_directional_derivative([&](const Tensor& m) { return place_atoms(bodies, movement, m) * weights; },
                                  random_tensor(random, {2, residues, size_of(movement)}, 0.2), random, 1e-3, 1e-2);
  }
  // Residues 1 and 3 turn their third atom about the bond of the other two.
  bodies->side_chains = {{{3, 4, 0, 1}, {9, 10, 1, 2}}, {5, 11}};
  for (const Movement movement : {Movement::delta, Movement::twist}) {
    const Tensor moves = random_tensor(random, {2, residues, size_of(movement)}, 0.2), torsions = random_tensor(random, {2, 2}, 1);
    expect_directional_derivative([&](const Tensor& m) { return place_atoms(bodies, movement, m, torsions) * weights; }, moves, random, 1e-3, 1e-2);
    expect_directional_derivative([&](const Tensor& t) { return place_atoms(bodies, movement, moves, t) * weights; }, torsions, random, 1e-3, 1e-2);
    EXPECT_FALSE(at::equal(place_atoms(bodies, movement, moves, torsions), place_atoms(bodies, movement, moves)));
  }
  EXPECT_NE(testing::error_of([&] { place_atoms(bodies, Movement::twist, at::zeros({2, residues, 6}), at::zeros({2, 3})); })
                .find("torsions has shape [2, 3], expected [2, 2]"),
            std::string::npos);
}

TEST(DistanceRestraints, HaveTheirGradientAndEnergy) {
  Random random(74);
  auto restraints = std::make_shared<std::vector<DistanceRestraint>>();
  *restraints = {{0, 1, 1.3f, 2}, {1, 2, 1.5f, 1}, {0, 3, 2.0f, 0.5f}};
  const Tensor positions = random_tensor(random, {2, 4, 3}, 1);
  expect_directional_derivative([&](const Tensor& p) { return distance_restraint_energies(restraints, p); }, positions,
                                random, 1e-3, 1e-2);
  const Tensor line = tensor_from({0, 0, 0, 1, 0, 0, 3, 0, 0, 0, 2, 0}, {1, 4, 3});
  EXPECT_NEAR(distance_restraint_energies(restraints, line).item<float>(), 0.5 * 2 * 0.09 + 0.5 * 0.25, 1e-6);
}

TEST(ClashEnergies, HaveTheirGradient) {
  Random random(75);
  auto rules = std::make_shared<ClashRules>();
  for (int i = 0; i < 40; ++i) {
    rules->radius.push_back(1.5f);
    rules->residue.push_back(i);
    rules->bonded_to_previous.push_back(0);
  }
  const Tensor positions = random_tensor(random, {3, 40, 3}, 2.5), weights = tensor_from({1, -2, 3}, {3});
  EXPECT_GT(clash_energies(rules, positions).min().item<double>(), 1);
  expect_directional_derivative([&](const Tensor& p) { return clash_energies(rules, p) * weights; }, positions, random, 1e-3, 1e-2);
  EXPECT_NE(testing::error_of([&] { clash_energies(rules, at::zeros({2, 39, 3})); }).find("positions has shape [2, 39, 3], expected [-1, 40, 3]"),
            std::string::npos);
}

TEST(StaggeringEnergies, AreHighestHalfWayBetweenThreePlaces) {
  const StaggeringRules rules{tensor_from({5, 5, 0}, {3}), tensor_from({float(radians(50)), float(radians(-170)), 1}, {3})};
  auto energy = [&](double first, double second, double free) {
    return staggering_energies(rules, tensor_from({float(radians(first)), float(radians(second)), float(free)}, {1, 3})).item<double>();
  };
  EXPECT_NEAR(energy(10, -10, 0.3), 0, 1e-5);
  EXPECT_NEAR(energy(130, 110, 2), 0, 1e-5);
  EXPECT_NEAR(energy(-50, -10, 0), 5, 1e-5);
  EXPECT_NEAR(energy(-20, 20, 0), 5, 1e-5);  // both half-way up
  EXPECT_NE(testing::error_of([&] { staggering_energies(rules, at::zeros({2, 4})); }).find("turns has shape [2, 4], expected [-1, 3]"), std::string::npos);
}

TEST(BackboneTorsionEnergies, HaveTheirGradient) {
  Random random(76);
  auto rules = std::make_shared<BackboneTorsionRules>();
  rules->atom_count = 20;
  for (int r = 0; r < 4; ++r) rules->add(5 * r, 5 * r + 1, 5 * r + 2, 5 * r + 3, 5 * r + 4, {{-1, 1, 0.3, 0.3}}, 0.7);
  const Tensor positions = random_tensor(random, {3, 20, 3}, 2.5), weights = tensor_from({1, -2, 3}, {3});
  EXPECT_GT(backbone_torsion_energies(rules, positions).min().item<double>(), 0.1);
  expect_directional_derivative([&](const Tensor& p) { return backbone_torsion_energies(rules, p) * weights; }, positions, random, 1e-3, 1e-2);
  EXPECT_NE(testing::error_of([&] { backbone_torsion_energies(rules, at::zeros({2, 19, 3})); }).find("positions has shape [2, 19, 3], expected [-1, 20, 3]"),
            std::string::npos);
}

}  // namespace
}  // namespace cryomer
