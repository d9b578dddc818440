#include "cryomer/ops/place_atoms_op.h"

#include <torch/csrc/autograd/custom_function.h>

namespace cryomer {

namespace {

// Lets a shared C++ object live as long as the graph that needs it.
struct BodyHolder : torch::CustomClassHolder {
  std::shared_ptr<const RigidBodyData> bodies;
};

struct PlacementFunction : torch::autograd::Function<PlacementFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& moves,
                        const std::shared_ptr<const RigidBodyData>& bodies, Movement movement) {
    const int64_t samples = moves.size(0), atoms = bodies->atom_count();
    const int64_t row = int64_t{bodies->residue_count()} * size_of(movement);
    Tensor positions = at::empty({samples, atoms, 3});
    const float* const in = moves.data_ptr<float>();
    float* const out = positions.data_ptr<float>();
    parallel_for(samples, 8, [&](int64_t first, int64_t last) {
      PlacementWorkspace workspace;
      for (int64_t s = first; s < last; ++s) {
        place_atoms(bodies->view(), movement, in + s * row, out + s * atoms * 3, workspace);
      }
    });
    context->save_for_backward({moves});
    auto holder = c10::make_intrusive<BodyHolder>();
    holder->bodies = bodies;
    context->saved_data["bodies"] = c10::IValue::make_capsule(std::move(holder));
    context->saved_data["movement"] = static_cast<int64_t>(movement);
    return positions;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list outputs) {
    const auto holder = c10::static_intrusive_pointer_cast<BodyHolder>(context->saved_data["bodies"].toCapsule());
    const RigidBodyData& bodies = *holder->bodies;
    const auto movement = static_cast<Movement>(context->saved_data["movement"].toInt());
    const Tensor moves = context->get_saved_variables()[0];
    const Tensor upstream = outputs[0].contiguous();
    const int64_t samples = moves.size(0), atoms = bodies.atom_count();
    const int64_t row = int64_t{bodies.residue_count()} * size_of(movement);
    Tensor gradient = at::empty_like(moves);
    parallel_for(samples, 8, [&](int64_t first, int64_t last) {
      PlacementWorkspace workspace;
      for (int64_t s = first; s < last; ++s) {
        place_atoms_backward(bodies.view(), movement, moves.data_ptr<float>() + s * row,
                             upstream.data_ptr<float>() + s * atoms * 3, gradient.data_ptr<float>() + s * row, workspace);
      }
    });
    return {gradient, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor place_atoms(const std::shared_ptr<const RigidBodyData>& bodies, Movement movement, const Tensor& moves) {
  check_shape(moves, "moves", {-1, bodies->residue_count(), size_of(movement)});
  const Tensor plain = moves.contiguous();
  check_cpu_float(plain, "moves");
  return PlacementFunction::apply(plain, bodies, movement);
}

}  // namespace cryomer
