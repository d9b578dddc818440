#include "cryomer/ops/structure_energies.h"

#include <torch/csrc/autograd/custom_function.h>

#include <functional>

#include "cryomer/kernels/cuda_kernels.h"
#include "cryomer/tensor/device.h"

namespace cryomer {

namespace {

// The energy of one sample's positions; adds to the gradient where it is not null.
using EnergyOfOne = std::function<double(const float* positions, float* gradient, ClosePairWorkspace& workspace)>;
// Those of all samples of memory on a GPU; energies and gradient (may be null) are overwritten.
using EnergiesOnGpu = std::function<void(const float* positions, float* energies, float* gradient)>;

struct EnergyFunction : torch::autograd::Function<EnergyFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& positions, bool with_gradient, int64_t grain, const EnergyOfOne* energy,
                        const EnergiesOnGpu* find_on_gpu) {
    Tensor energies = at::empty({positions.size(0)}, positions.options()), gradient = with_gradient ? at::zeros_like(positions) : Tensor();
    const float* const from = positions.data_ptr<float>();
    float* const found = energies.data_ptr<float>();
    float* const slope = with_gradient ? gradient.data_ptr<float>() : nullptr;
    if (positions.is_cuda()) {
      (*find_on_gpu)(from, found, slope);
    } else {
      const int64_t values = positions.size(1) * 3;
      parallel_for(positions.size(0), grain, [&](int64_t first, int64_t last) {
        ClosePairWorkspace workspace;
        for (int64_t s = first; s < last; ++s) {
          found[s] = static_cast<float>((*energy)(from + s * values, slope ? slope + s * values : nullptr, workspace));
        }
      });
    }
    if (with_gradient) context->save_for_backward({gradient});
    return energies;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list outputs) {
    return {context->get_saved_variables()[0] * outputs[0].reshape({-1, 1, 1}), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

Tensor energies_of(const Tensor& positions, int64_t grain, const EnergyOfOne& energy, const EnergiesOnGpu& find_on_gpu) {
  const Tensor plain = positions.contiguous();
  check_float(plain, "positions", plain.device());
  return EnergyFunction::apply(plain, at::GradMode::is_enabled() && positions.requires_grad(), grain, &energy, &find_on_gpu);
}

template <typename Value>
const Value* values_of(const Tensor& bytes) {
  return static_cast<const Value*>(bytes.data_ptr());
}

}  // namespace

Tensor distance_restraint_energies(const std::shared_ptr<const std::vector<DistanceRestraint>>& restraints,
                                   const Tensor& positions) {
  check_shape(positions, "positions", {-1, -1, 3});
  for (const DistanceRestraint& r : *restraints) {
    if (r.i < 0 || r.j < 0 || r.i >= positions.size(1) || r.j >= positions.size(1)) {
      fail("a distance restraint joins atoms {} and {} of {}", r.i, r.j, positions.size(1));
    }
  }
  const int64_t samples = positions.size(0), atoms = positions.size(1);
  return energies_of(
      positions, 8,
      [&](const float* at, float* slope, ClosePairWorkspace&) { return distance_restraint_energy(*restraints, at, slope); },
      [&](const float* at, float* found, float* slope) {
        const Tensor there = bytes_on(positions.device(), *restraints);
        cuda::distance_restraints(values_of<DistanceRestraint>(there), int(restraints->size()), int(samples), int(atoms), at, found, slope);
      });
}

Tensor clash_energies(const std::shared_ptr<const ClashRules>& rules, const Tensor& positions) {
  check_shape(positions, "positions", {-1, rules->atom_count(), 3});
  const int64_t samples = positions.size(0);
  return energies_of(
      positions, 4,
      [&](const float* at, float* slope, ClosePairWorkspace& workspace) { return clash_energy(*rules, at, slope, workspace); },
      [&](const float* at, float* found, float* slope) {
        const Tensor radius = bytes_on(positions.device(), rules->radius), residue = bytes_on(positions.device(), rules->residue),
                     bonded = bytes_on(positions.device(), rules->bonded_to_previous), joined = bytes_on(positions.device(), rules->joined);
        ClashRulesView there = rules->view();
        there.radius = values_of<float>(radius);
        there.residue = values_of<int>(residue);
        there.bonded_to_previous = values_of<char>(bonded);
        there.joined = values_of<int64_t>(joined);
        cuda::clashes(there, int(samples), at, found, slope);
      });
}

Tensor backbone_torsion_energies(const std::shared_ptr<const BackboneTorsionRules>& rules, const Tensor& positions) {
  check_shape(positions, "positions", {-1, rules->atom_count, 3});
  const int64_t samples = positions.size(0), atoms = positions.size(1);
  return energies_of(
      positions, 8,
      [&](const float* at, float* slope, ClosePairWorkspace&) { return backbone_torsion_energy(*rules, at, slope); },
      [&](const float* at, float* found, float* slope) {
        const Tensor residues = bytes_on(positions.device(), rules->residues), regions = bytes_on(positions.device(), rules->regions);
        cuda::backbone_torsions(values_of<BackboneTorsionRules::Residue>(residues), int(rules->residues.size()), values_of<TorsionRegion>(regions),
                                rules->strength, int(samples), int(atoms), at, found, slope);
      });
}

Tensor staggering_energies(const StaggeringRules& rules, const Tensor& turns) {
  check_shape(turns, "turns", {-1, rules.angle.size(0)});
  const Tensor chi = turns + brought_to(turns.device(), rules.angle), barrier = brought_to(turns.device(), rules.barrier);
  return (0.5 * barrier * (1 + (3 * chi).cos())).sum(1);
}

}  // namespace cryomer
