#include "cryomer/kernels/place_atoms.h"

#include <benchmark/benchmark.h>

namespace cryomer {
namespace {

void place_atoms_there_and_back(benchmark::State& state) {
  const auto set = static_cast<InstructionSet>(state.range(0));
  const auto movement = static_cast<Movement>(state.range(1));
  const int residues = 265, per_residue = 8;
  std::vector<float> rotation(9 * residues), origin(3 * residues), local(3 * residues * per_residue, 1.0f),
      moves(9 * residues, 0.1f), positions(local.size()), gradient(moves.size());
  for (int i = 0; i < residues; ++i) rotation[i] = rotation[4 * residues + i] = rotation[8 * residues + i] = 1;
  std::vector<int> first_atom;
  for (int i = 0; i <= residues; ++i) first_atom.push_back(i * per_residue);
  const RigidBodies bodies{residues, residues * per_residue, rotation.data(), origin.data(), local.data(), first_atom.data()};
  PlacementWorkspace workspace;
  for (auto _ : state) {
    place_atoms(bodies, movement, moves.data(), positions.data(), workspace, set);
    place_atoms_backward(bodies, movement, moves.data(), positions.data(), gradient.data(), workspace, set);
    benchmark::ClobberMemory();
  }
  state.SetLabel(std::string(name_of(set)) + (movement == Movement::delta ? ", delta" : ", twist"));
}
BENCHMARK(place_atoms_there_and_back)->ArgsProduct({{0, 1, 2}, {0, 1}})->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace cryomer
