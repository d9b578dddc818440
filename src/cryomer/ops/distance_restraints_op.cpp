#include "cryomer/ops/distance_restraints_op.h"

#include <torch/csrc/autograd/custom_function.h>

#include "cryomer/kernels/cuda_kernels.h"
#include "cryomer/tensor/device.h"

namespace cryomer {

namespace {

struct RestraintFunction : torch::autograd::Function<RestraintFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& positions,
                        const std::vector<DistanceRestraint>* restraints, bool with_gradient) {
    const int64_t samples = positions.size(0), values = positions.size(1) * 3;
    Tensor energies = at::empty({samples}, positions.options());
    Tensor gradient = with_gradient ? at::zeros_like(positions) : Tensor();
    if (positions.is_cuda()) {
      const Tensor there = bytes_on(positions.device(), *restraints);
      cuda::distance_restraints(static_cast<const DistanceRestraint*>(there.data_ptr()), int(restraints->size()), int(samples), int(positions.size(1)),
                                positions.data_ptr<float>(), energies.data_ptr<float>(), with_gradient ? gradient.data_ptr<float>() : nullptr);
      if (with_gradient) context->save_for_backward({gradient});
      return energies;
    }
    parallel_for(samples, 8, [&](int64_t first, int64_t last) {
      for (int64_t s = first; s < last; ++s) {
        energies.data_ptr<float>()[s] = static_cast<float>(
            distance_restraint_energy(*restraints, positions.data_ptr<float>() + s * values,
                                      with_gradient ? gradient.data_ptr<float>() + s * values : nullptr));
      }
    });
    if (with_gradient) context->save_for_backward({gradient});
    return energies;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list outputs) {
    return {context->get_saved_variables()[0] * outputs[0].reshape({-1, 1, 1}), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor distance_restraint_energies(const std::shared_ptr<const std::vector<DistanceRestraint>>& restraints,
                                   const Tensor& positions) {
  check_shape(positions, "positions", {-1, -1, 3});
  for (const DistanceRestraint& r : *restraints) {
    if (r.i < 0 || r.j < 0 || r.i >= positions.size(1) || r.j >= positions.size(1)) {
      fail("a distance restraint joins atoms {} and {} of {}", r.i, r.j, positions.size(1));
    }
  }
  const Tensor plain = positions.contiguous();
  check_float(plain, "positions", plain.device());
  const bool with_gradient = at::GradMode::is_enabled() && positions.requires_grad();
  return RestraintFunction::apply(plain, restraints.get(), with_gradient);
}

}  // namespace cryomer
