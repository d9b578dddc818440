// The operations on a GPU: what the CPU's say, values and gradients alike.
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <functional>

#include "cryomer/base/random.h"
#include "cryomer/ops/image_likelihood_op.h"
#include "cryomer/ops/place_atoms_op.h"
#include "cryomer/ops/structure_energies.h"
#include "cryomer/tensor/device.h"
#include "random_tensor.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::random_tensor;

void expect_near(const Tensor& found, const Tensor& expected, double relative, const char* what) {
  ASSERT_EQ(found.sizes(), expected.sizes()) << what;
  const double largest = expected.abs().max().item<double>();
  ASSERT_GT(largest, 0) << what;
  EXPECT_LT((found.to(at::kCPU) - expected).abs().max().item<double>(), relative * largest) << what;
}

// Energies of positions [samples, atoms, 3], and their gradients, each sample's weighted differently.
void expect_energies_of_the_cpu(const std::function<Tensor(const Tensor&)>& energies, const Tensor& positions) {
  auto find = [&](at::Device device) {
    const Tensor p = positions.to(device).clone().set_requires_grad(true), found = energies(p);
    const Tensor weighted = found * at::arange(1, positions.size(0) + 1, found.options());
    return std::vector<Tensor>{torch::autograd::grad({weighted.sum()}, {p})[0], found.detach()};
  };
  const std::vector<Tensor> gpu = find(at::kCUDA), cpu = find(at::kCPU);
  expect_near(gpu[0], cpu[0], 1e-4, "gradient");
  expect_near(gpu[1], cpu[1], 1e-5, "energy");
}

struct Scene {
  AtomBlobTensors atoms;
  Tensor positions, rotation, shift;
  ViewIndex index;
  ObservedBatch observed;

  // Some atoms are wide, some at the border of the image or outside; views share conformations and images.
  explicit Scene(int padded, int64_t atom_count = 300) {
    Random random(81);
    const int box = 32;
    const int64_t views = 7, images = 3;
    atoms.amplitude = random_tensor(random, {atom_count}, 1).abs() + 1;
    atoms.width = at::full({atom_count}, 1.0f);
    atoms.width.slice(0, 0, 20).fill_(3.5);
    positions = random_tensor(random, {4, atom_count, 3}, 9);
    rotation = at::eye(3).repeat({views, 1, 1}) + random_tensor(random, {views, 3, 3}, 0.2);
    shift = random_tensor(random, {views, 2}, 1.5);
    index.conformation = tensor_from(std::vector<int64_t>{1, 0, 1, 3, 2, 2, 0});
    index.image = tensor_from(std::vector<int64_t>{0, 0, 1, 1, 2, 2, 2});
    observed.grid = {box, padded};
    observed.weighted_data = random_tensor(random, {images, box, box / 2 + 1, 2}, 0.1);
    observed.weighted_power = random_tensor(random, {images, box, box / 2 + 1}, 0.05).square();
    if (padded != box) observed.padded_ctf = random_tensor(random, {images, padded, padded / 2 + 1}, 0.5);
    observed.pixel_size = tensor_from({1.2f, 1.2f, 1.5f}, {images});
    observed.scale_mean = tensor_from({1.0f, -0.5f, 0.7f}, {images});
    observed.scale_precision = tensor_from({1.0f, 0.0f, std::numeric_limits<float>::infinity()}, {images});
  }

  AtomBlobTensors atoms_on(at::Device device) const { return {atoms.amplitude.to(device), atoms.width.to(device)}; }
  ObservedBatch observed_on(at::Device device) const {
    ObservedBatch there = observed;
    for (Tensor* const t : {&there.weighted_data, &there.weighted_power, &there.padded_ctf, &there.pixel_size, &there.scale_mean, &there.scale_precision}) {
      if (t->defined()) *t = t->to(device);
    }
    return there;
  }

  struct Found {
    ImageLikelihoodOutput output;
    std::vector<Tensor> gradients;
  };
  Found likelihood(at::Device device) const {
    const Tensor p = positions.to(device).clone().set_requires_grad(true), r = rotation.to(device).clone().set_requires_grad(true),
                 t = shift.to(device).clone().set_requires_grad(true);
    AtomBlobTensors there = atoms_on(device);
    there.width = there.width.clone().set_requires_grad(true);
    const ObservedBatch seen = observed_on(device);
    Found found;
    found.output = image_log_likelihood(there, p, r, t, index, seen);
    const Tensor weights = tensor_from({1, -2, 3, 0.5, 1, 2, -1}, {7}).to(device);
    found.gradients = torch::autograd::grad({(found.output.log_likelihood * weights).sum()}, {p, r, t, there.width});
    return found;
  }
};

TEST(GpuImageLogLikelihood, IsThatOfTheCpuWithItsGradients) {
  CRYOMER_NEEDS_GPU();
  for (const int padded : {32, 48, 320}) {  // the last does not fit into shared memory
    const Scene scene(padded);
    const Scene::Found gpu = scene.likelihood(at::kCUDA), cpu = scene.likelihood(at::kCPU);
    expect_near(gpu.output.log_likelihood.detach(), cpu.output.log_likelihood.detach(), 1e-4, "log likelihood");
    expect_near(gpu.output.scale, cpu.output.scale, 1e-4, "scale");
    expect_near(gpu.output.overlap, cpu.output.overlap, 1e-4, "overlap");
    expect_near(gpu.output.power, cpu.output.power, 1e-4, "power");
    const char* const names[] = {"positions", "rotation", "shift", "width"};
    for (size_t i = 0; i < 4; ++i) expect_near(gpu.gradients[i], cpu.gradients[i], 1e-3, names[i]);
  }
}

TEST(GpuProjections, AreThoseOfTheCpuAndSoIsTheirAdjoint) {
  CRYOMER_NEEDS_GPU();
  const Scene scene(48);
  const Tensor pixel_size = at::full({7}, 1.3f);
  auto render = [&](at::Device device) {
    return render_projections(scene.atoms_on(device), scene.positions, scene.rotation, scene.shift, scene.index.conformation, pixel_size, scene.observed.grid);
  };
  const Tensor images = render(at::kCPU);
  expect_near(render(at::kCUDA), images, 1e-5, "projections");
  auto sample = [&](at::Device device) {
    return sample_images(scene.atoms_on(device), scene.positions[0], scene.rotation, scene.shift, images, pixel_size, scene.observed.grid);
  };
  expect_near(sample(at::kCUDA), sample(at::kCPU), 1e-5, "samples");
}

TEST(GpuPlaceAtoms, IsThatOfTheCpuWithItsGradients) {
  CRYOMER_NEEDS_GPU();
  Random random(83);
  const int residues = 50;
  auto bodies = std::make_shared<RigidBodyData>();
  bodies->rotation.resize(9 * residues);
  random.fill_normal(bodies->rotation.data(), bodies->rotation.size());
  for (int i = 0; i <= residues; ++i) bodies->first_atom.push_back(4 * i);
  bodies->origin.resize(3 * residues);
  random.fill_normal(bodies->origin.data(), bodies->origin.size());
  bodies->local.resize(12 * residues);
  random.fill_normal(bodies->local.data(), bodies->local.size());
  // Every other residue turns its last atoms about two bonds, the tip first.
  for (int i = 0; i < residues; i += 2) {
    const int a = 4 * i;
    const int first = bodies->side_chains.count() / 2 * 3;
    bodies->side_chains.torsions.push_back({a + 1, a + 2, first, first + 1});
    bodies->side_chains.torsions.push_back({a, a + 1, first + 1, first + 3});
    for (const int moved : {a + 3, a + 2, a + 3}) bodies->side_chains.moved.push_back(moved);
  }
  const int64_t samples = 9;
  const Tensor weights = random_tensor(random, {samples, 4 * residues, 3}, 1);
  for (const Movement movement : {Movement::delta, Movement::twist}) {
    const Tensor moves = random_tensor(random, {samples, residues, size_of(movement)}, 0.3);
    const Tensor torsions = random_tensor(random, {samples, bodies->side_chains.count()}, 1);
    for (const bool turned : {false, true}) {
      auto place = [&](at::Device device) {
        const Tensor m = moves.to(device).clone().set_requires_grad(true), t = torsions.to(device).clone().set_requires_grad(true);
        const Tensor positions = place_atoms(bodies, movement, m, turned ? t : Tensor());
        std::vector<Tensor> inputs = {m};
        if (turned) inputs.push_back(t);
        std::vector<Tensor> found = torch::autograd::grad({(positions * weights.to(device)).sum()}, inputs);
        found.push_back(positions.detach());
        return found;
      };
      const std::vector<Tensor> gpu = place(at::kCUDA), cpu = place(at::kCPU);
      for (size_t i = 0; i < cpu.size(); ++i) expect_near(gpu[i], cpu[i], 1e-4, turned ? "with torsions" : "without torsions");
    }
  }
}

TEST(GpuDistanceRestraints, AreThoseOfTheCpuWithTheirGradients) {
  CRYOMER_NEEDS_GPU();
  Random random(84);
  auto restraints = std::make_shared<std::vector<DistanceRestraint>>();
  for (int i = 0; i + 3 < 600; ++i) restraints->push_back({i, i + 1 + i % 3, 1.3f, 1 + 0.1f * float(i % 7)});
  expect_energies_of_the_cpu([&](const Tensor& p) { return distance_restraint_energies(restraints, p); }, random_tensor(random, {5, 600, 3}, 2));
}

TEST(GpuClashes, AreThoseOfTheCpuWithTheirGradients) {
  CRYOMER_NEEDS_GPU();
  Random random(85);
  auto rules = std::make_shared<ClashRules>();
  for (int i = 0; i < 600; ++i) {
    rules->radius.push_back(i % 4 == 0 ? 1.3f : 1.5f);
    rules->residue.push_back(i / 3);
    if (i % 3 == 0) rules->bonded_to_previous.push_back(i / 3 % 2 == 1);
  }
  for (int i = 0; i < 300; i += 2) rules->join(i, 599 - i);
  std::sort(rules->joined.begin(), rules->joined.end());
  rules->strength = 4;
  expect_energies_of_the_cpu([&](const Tensor& p) { return clash_energies(rules, p); }, random_tensor(random, {5, 600, 3}, 4));
}

TEST(GpuBackboneTorsions, AreThoseOfTheCpuWithTheirGradients) {
  CRYOMER_NEEDS_GPU();
  Random random(86);
  auto rules = std::make_shared<BackboneTorsionRules>();
  rules->atom_count = 900;
  for (int a = 0; a + 6 < 900; a += 3) rules->add(a, a + 1, a + 2, a + 4, a + 6, {{2.9, -1, 0.5, 0.9}, {-1, 1.5 - 0.001 * a, 0.3, 0.3}}, 0.7);
  rules->strength = 3;
  expect_energies_of_the_cpu([&](const Tensor& p) { return backbone_torsion_energies(rules, p); }, random_tensor(random, {5, 900, 3}, 3));
}

}  // namespace
}  // namespace cryomer
