#include "cryomer/ops/structure_energies.h"

#include <torch/csrc/autograd/custom_function.h>

#include <functional>

#include "cryomer/kernels/cuda_kernels.h"
#include "cryomer/tensor/device.h"

namespace cryomer {

namespace {

// positions, energies to be filled, and a gradient of zeros to be added to (null: none is wanted), for samples first to last.
using EnergiesOfSome = std::function<void(const float* positions, float* energies, float* gradient, int64_t first, int64_t last)>;

void on_threads(const Tensor& positions, Tensor& energies, Tensor& gradient, int64_t grain, const EnergiesOfSome& find) {
  float* const into = gradient.defined() ? gradient.data_ptr<float>() : nullptr;
  parallel_for(positions.size(0), grain,
               [&](int64_t first, int64_t last) { find(positions.data_ptr<float>(), energies.data_ptr<float>(), into, first, last); });
}

// The energies and, where it is defined, their gradient, which is zero before.
using Energies = std::function<void(const Tensor& positions, Tensor& energies, Tensor& gradient)>;

struct EnergyFunction : torch::autograd::Function<EnergyFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& positions, const Energies* find, bool with_gradient) {
    Tensor energies = at::empty({positions.size(0)}, positions.options()), gradient = with_gradient ? at::zeros_like(positions) : Tensor();
    (*find)(positions, energies, gradient);
    if (with_gradient) context->save_for_backward({gradient});
    return energies;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list outputs) {
    return {context->get_saved_variables()[0] * outputs[0].reshape({-1, 1, 1}), Tensor(), Tensor()};
  }
};

Tensor energies_of(const Tensor& positions, const Energies& find) {
  const Tensor plain = positions.contiguous();
  check_float(plain, "positions", plain.device());
  return EnergyFunction::apply(plain, &find, at::GradMode::is_enabled() && positions.requires_grad());
}

Tensor energies_on_cpu(const Tensor& positions, int64_t grain, const EnergiesOfSome& find) {
  return energies_of(positions, [&](const Tensor& there, Tensor& energies, Tensor& gradient) {
    Tensor here = there.to(at::kCPU), found = energies.to(at::kCPU), slope = gradient.defined() ? gradient.to(at::kCPU) : Tensor();
    on_threads(here, found, slope, grain, find);
    if (!there.is_cuda()) return;
    energies.copy_(found);
    if (gradient.defined()) gradient.copy_(slope);
  });
}

float* sample_of(float* gradient, int64_t sample, int64_t values) { return gradient ? gradient + sample * values : nullptr; }

}  // namespace

Tensor distance_restraint_energies(const std::shared_ptr<const std::vector<DistanceRestraint>>& restraints,
                                   const Tensor& positions) {
  check_shape(positions, "positions", {-1, -1, 3});
  for (const DistanceRestraint& r : *restraints) {
    if (r.i < 0 || r.j < 0 || r.i >= positions.size(1) || r.j >= positions.size(1)) {
      fail("a distance restraint joins atoms {} and {} of {}", r.i, r.j, positions.size(1));
    }
  }
  return energies_of(positions, [&](const Tensor& x, Tensor& energies, Tensor& gradient) {
    if (x.is_cuda()) {
      const Tensor there = bytes_on(x.device(), *restraints);
      cuda::distance_restraints(static_cast<const DistanceRestraint*>(there.data_ptr()), int(restraints->size()), int(x.size(0)), int(x.size(1)),
                                x.data_ptr<float>(), energies.data_ptr<float>(), gradient.defined() ? gradient.data_ptr<float>() : nullptr);
      return;
    }
    const int64_t values = x.size(1) * 3;
    on_threads(x, energies, gradient, 8, [&](const float* at, float* found, float* slope, int64_t first, int64_t last) {
      for (int64_t s = first; s < last; ++s) {
        found[s] = static_cast<float>(distance_restraint_energy(*restraints, at + s * values, sample_of(slope, s, values)));
      }
    });
  });
}

Tensor clash_energies(const std::shared_ptr<const ClashRules>& rules, const Tensor& positions) {
  check_shape(positions, "positions", {-1, rules->atom_count(), 3});
  const int64_t values = positions.size(1) * 3;
  return energies_on_cpu(positions, 4, [&](const float* at, float* found, float* slope, int64_t first, int64_t last) {
    ClosePairWorkspace workspace;
    for (int64_t s = first; s < last; ++s) {
      found[s] = static_cast<float>(clash_energy(*rules, at + s * values, sample_of(slope, s, values), workspace));
    }
  });
}

Tensor backbone_torsion_energies(const std::shared_ptr<const BackboneTorsionRules>& rules, const Tensor& positions) {
  check_shape(positions, "positions", {-1, rules->atom_count, 3});
  const int64_t values = positions.size(1) * 3;
  return energies_on_cpu(positions, 8, [&](const float* at, float* found, float* slope, int64_t first, int64_t last) {
    for (int64_t s = first; s < last; ++s) {
      found[s] = static_cast<float>(backbone_torsion_energy(*rules, at + s * values, sample_of(slope, s, values)));
    }
  });
}

}  // namespace cryomer
