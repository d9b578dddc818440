#include "cryomer/ops/place_atoms_op.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "cryomer/kernels/cuda_kernels.h"
#include "cryomer/tensor/device.h"

namespace cryomer {

struct GpuBodies {
  cuda::Bodies view;
  std::vector<Tensor> memory;  // that the view points to
};

namespace {

const cuda::Bodies& gpu_bodies(const RigidBodyData& bodies, at::Device device) {
  if (!bodies.on_gpu) {
    auto made = std::make_shared<GpuBodies>();
    auto copy = [&](const auto& values) {
      made->memory.push_back(bytes_on(device, values));
      return static_cast<decltype(values.data())>(made->memory.back().data_ptr());
    };
    const SideChains& chains = bodies.side_chains;
    std::vector<int> first_torsion(bodies.first_atom.size(), chains.count());
    for (int r = bodies.residue_count() - 1, t = chains.count(); r >= 0; --r) {
      while (t > 0 && chains.torsions[size_t(t) - 1].about >= bodies.first_atom[size_t(r)]) --t;
      first_torsion[size_t(r)] = t;
    }
    cuda::Bodies& v = made->view;
    v.residue_count = bodies.residue_count();
    v.atom_count = bodies.atom_count();
    v.torsion_count = chains.count();
    v.rotation = copy(bodies.rotation);
    v.origin = copy(bodies.origin);
    v.local = copy(bodies.local);
    v.first_atom = copy(bodies.first_atom);
    v.torsions = copy(chains.torsions);
    v.first_torsion = copy(first_torsion);
    v.moved = copy(chains.moved);
    bodies.on_gpu = made;
  }
  return bodies.on_gpu->view;
}

float* data_or_null(const Tensor& tensor) { return tensor.defined() && tensor.numel() > 0 ? tensor.data_ptr<float>() : nullptr; }

// Lets a shared C++ object live as long as the graph that needs it.
struct BodyHolder : torch::CustomClassHolder {
  std::shared_ptr<const RigidBodyData> bodies;
};

// The residues of one sample, with their side chains turned.
class TurnedBodies {
 public:
  explicit TurnedBodies(const RigidBodyData& bodies) : bodies_(bodies), view_(bodies.view()) {}

  const RigidBodies& turn(const float* angles) {
    if (angles) {
      local_ = bodies_.local;
      turn_side_chains(bodies_.side_chains, angles, local_.data());
      view_.local = local_.data();
    }
    return view_;
  }

 private:
  const RigidBodyData& bodies_;
  RigidBodies view_;
  std::vector<float> local_;
};

// None when the tensor is empty.
const float* row_of(const Tensor& tensor, int64_t row) { return tensor.numel() > 0 ? tensor.data_ptr<float>() + row * tensor.stride(0) : nullptr; }

struct PlacementFunction : torch::autograd::Function<PlacementFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& moves, const Tensor& torsions,
                        const std::shared_ptr<const RigidBodyData>& bodies, Movement movement) {
    const int64_t samples = moves.size(0), atoms = bodies->atom_count();
    Tensor positions = at::empty({samples, atoms, 3}, moves.options());
    float* const out = positions.data_ptr<float>();
    if (moves.is_cuda()) {
      cuda::place_atoms(gpu_bodies(*bodies, moves.device()), movement, int(samples), moves.data_ptr<float>(), data_or_null(torsions), out);
    } else {
      parallel_for(samples, 8, [&](int64_t first, int64_t last) {
        PlacementWorkspace workspace;
        TurnedBodies turned(*bodies);
        for (int64_t s = first; s < last; ++s) {
          place_atoms(turned.turn(row_of(torsions, s)), movement, row_of(moves, s), out + s * atoms * 3, workspace);
        }
      });
    }
    context->save_for_backward({moves, torsions, positions});
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
    const torch::autograd::variable_list saved = context->get_saved_variables();
    const Tensor moves = saved[0], torsions = saved[1], positions = saved[2], upstream = outputs[0].contiguous();
    Tensor gradient = at::empty_like(moves), turning = torsions.numel() > 0 ? at::empty_like(torsions) : Tensor();
    if (moves.is_cuda()) {
      Tensor scratch = at::empty_like(positions);
      cuda::place_atoms_backward(gpu_bodies(bodies, moves.device()), movement, int(moves.size(0)), moves.data_ptr<float>(), data_or_null(torsions),
                                 positions.data_ptr<float>(), upstream.data_ptr<float>(), scratch.data_ptr<float>(), gradient.data_ptr<float>(),
                                 data_or_null(turning));
      return {gradient, turning, Tensor(), Tensor()};
    }
    parallel_for(moves.size(0), 8, [&](int64_t first, int64_t last) {
      PlacementWorkspace workspace;
      TurnedBodies turned(bodies);
      for (int64_t s = first; s < last; ++s) {
        place_atoms_backward(turned.turn(row_of(torsions, s)), movement, row_of(moves, s), row_of(upstream, s),
                             gradient.data_ptr<float>() + s * gradient.stride(0), workspace);
        if (turning.defined()) {
          side_chain_gradient(bodies.side_chains, row_of(positions, s), row_of(upstream, s),
                              turning.data_ptr<float>() + s * turning.stride(0));
        }
      }
    });
    return {gradient, turning, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor place_atoms(const std::shared_ptr<const RigidBodyData>& bodies, Movement movement, const Tensor& moves,
                   const Tensor& torsions) {
  check_shape(moves, "moves", {-1, bodies->residue_count(), size_of(movement)});
  const Tensor plain = moves.contiguous();
  check_float(plain, "moves", moves.device());
  if (!torsions.defined() || bodies->side_chains.count() == 0) return PlacementFunction::apply(plain, at::empty({0}, plain.options()), bodies, movement);
  check_shape(torsions, "torsions", {moves.size(0), bodies->side_chains.count()});
  const Tensor angles = torsions.contiguous();
  check_float(angles, "torsions", moves.device());
  return PlacementFunction::apply(plain, angles, bodies, movement);
}

}  // namespace cryomer
