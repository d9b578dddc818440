#include "cryomer/ops/place_atoms_op.h"

#include <torch/csrc/autograd/custom_function.h>

namespace cryomer {

namespace {

// Lets a shared C++ object live as long as the graph that needs it.
struct BodyHolder : torch::CustomClassHolder {
  std::shared_ptr<const RigidBodyData> bodies;
};

struct PlacementFunction : torch::autograd::Function<PlacementFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& delta,
                        const std::shared_ptr<const RigidBodyData>& bodies) {
    const int64_t samples = delta.size(0), residues = bodies->residue_count(), atoms = bodies->atom_count();
    Tensor positions = at::empty({samples, atoms, 3});
    const float* const in = delta.data_ptr<float>();
    float* const out = positions.data_ptr<float>();
    parallel_for(samples, 8, [&](int64_t first, int64_t last) {
      PlacementWorkspace workspace;
      for (int64_t s = first; s < last; ++s) {
        place_atoms(bodies->view(), in + s * residues * 9, out + s * atoms * 3, workspace);
      }
    });
    context->save_for_backward({delta});
    auto holder = c10::make_intrusive<BodyHolder>();
    holder->bodies = bodies;
    context->saved_data["bodies"] = c10::IValue::make_capsule(std::move(holder));
    return positions;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list outputs) {
    const auto holder = c10::static_intrusive_pointer_cast<BodyHolder>(context->saved_data["bodies"].toCapsule());
    const RigidBodyData& bodies = *holder->bodies;
    const Tensor delta = context->get_saved_variables()[0];
    const Tensor upstream = outputs[0].contiguous();
    const int64_t samples = delta.size(0), residues = bodies.residue_count(), atoms = bodies.atom_count();
    Tensor gradient = at::empty_like(delta);
    parallel_for(samples, 8, [&](int64_t first, int64_t last) {
      PlacementWorkspace workspace;
      for (int64_t s = first; s < last; ++s) {
        place_atoms_backward(bodies.view(), delta.data_ptr<float>() + s * residues * 9,
                             upstream.data_ptr<float>() + s * atoms * 3, gradient.data_ptr<float>() + s * residues * 9,
                             workspace);
      }
    });
    return {gradient, Tensor()};
  }
};

}  // namespace

Tensor place_atoms(const std::shared_ptr<const RigidBodyData>& bodies, const Tensor& delta) {
  check_shape(delta, "delta", {-1, bodies->residue_count(), 9});
  const Tensor plain = delta.contiguous();
  check_cpu_float(plain, "delta");
  return PlacementFunction::apply(plain, bodies);
}

}  // namespace cryomer
