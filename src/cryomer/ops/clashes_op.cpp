#include "cryomer/ops/clashes_op.h"

#include <torch/csrc/autograd/custom_function.h>

namespace cryomer {

namespace {

struct ClashFunction : torch::autograd::Function<ClashFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& positions, const ClashRules* rules, bool with_gradient) {
    const Tensor here = positions.to(at::kCPU);
    const int64_t samples = here.size(0), values = here.size(1) * 3;
    Tensor energies = at::empty({samples});
    Tensor gradient = with_gradient ? at::zeros_like(here) : Tensor();
    parallel_for(samples, 4, [&](int64_t first, int64_t last) {
      ClosePairWorkspace workspace;
      for (int64_t s = first; s < last; ++s) {
        energies.data_ptr<float>()[s] = static_cast<float>(
            clash_energy(*rules, here.data_ptr<float>() + s * values, with_gradient ? gradient.data_ptr<float>() + s * values : nullptr, workspace));
      }
    });
    if (with_gradient) context->save_for_backward({gradient.to(positions.device())});
    return energies.to(positions.device());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list outputs) {
    return {context->get_saved_variables()[0] * outputs[0].reshape({-1, 1, 1}), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor clash_energies(const std::shared_ptr<const ClashRules>& rules, const Tensor& positions) {
  check_shape(positions, "positions", {-1, rules->atom_count(), 3});
  const Tensor plain = positions.contiguous();
  check_float(plain, "positions", plain.device());
  const bool with_gradient = at::GradMode::is_enabled() && positions.requires_grad();
  return ClashFunction::apply(plain, rules.get(), with_gradient);
}

}  // namespace cryomer
