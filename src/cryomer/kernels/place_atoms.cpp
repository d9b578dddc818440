#include "cryomer/kernels/place_atoms.h"

#include <cstring>

#include "cryomer/kernels/place_atoms_loops.h"

namespace cryomer {

namespace detail {
const PlacementLoops placement_loops_reference = {transpose_in,      transpose_out,     frames_from_delta, delta_gradient_from_force,
                                                  frames_from_twist, twist_gradient_from_force};
}

namespace {

const detail::PlacementLoops& loops_for(InstructionSet set) {
#ifdef CRYOMER_HAS_AVX512
  if (set == InstructionSet::avx512) return detail::placement_loops_avx512;
#endif
#ifdef CRYOMER_HAS_AVX2
  if (set == InstructionSet::avx2) return detail::placement_loops_avx2;
#endif
  return detail::placement_loops_reference;
}

// x, y, z and a spare lane: the compiler's own vector type, SSE or NEON alike.
typedef float Float4 __attribute__((vector_size(16)));

inline Float4 load4(const float* p) {
  Float4 v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

}  // namespace

void place_atoms(const RigidBodies& bodies, Movement movement, const float* moves, float* positions,
                 PlacementWorkspace& w, InstructionSet set) {
  const detail::PlacementLoops& loops = loops_for(set);
  const int n = bodies.residue_count, size = size_of(movement);
  w.moves.resize(size * size_t(n));
  w.frames.resize(16 * size_t(n));
  loops.transpose_in(moves, n, size, w.moves.data());
  const auto frames = movement == Movement::delta ? loops.frames_from_delta : loops.frames_from_twist;
  frames(w.moves.data(), bodies.rotation, bodies.origin, n, w.frames.data());
  const int last_atom = bodies.atom_count - 1;
  for (int i = 0; i < n; ++i) {
    const float* frame = w.frames.data() + 16 * size_t(i);
    const Float4 c0 = load4(frame), c1 = load4(frame + 4), c2 = load4(frame + 8), o = load4(frame + 12);
    for (int a = bodies.first_atom[i]; a < bodies.first_atom[i + 1]; ++a) {
      const float* l = bodies.local + 3 * size_t(a);
      const Float4 x = o + c0 * l[0] + c1 * l[1] + c2 * l[2];
      // The spare lane lands on the next atom's x, which is written after it; the last atom has no next.
      std::memcpy(positions + 3 * size_t(a), &x, a == last_atom ? 12 : 16);
    }
  }
}

void place_atoms_backward(const RigidBodies& bodies, Movement movement, const float* moves,
                          const float* position_gradient, float* move_gradient, PlacementWorkspace& w,
                          InstructionSet set) {
  const detail::PlacementLoops& loops = loops_for(set);
  const int n = bodies.residue_count, size = size_of(movement);
  w.moves.resize(size * size_t(n));
  w.gradient.resize(size * size_t(n));
  w.force.resize(16 * size_t(n));
  loops.transpose_in(moves, n, size, w.moves.data());
  for (int i = 0; i < n; ++i) {
    Float4 t0 = {}, t1 = {}, t2 = {}, f = {};
    for (int a = bodies.first_atom[i]; a < bodies.first_atom[i + 1]; ++a) {
      const float* g = position_gradient + 3 * size_t(a);
      const float* l = bodies.local + 3 * size_t(a);
      const Float4 force = {g[0], g[1], g[2], 0};
      t0 += force * l[0];
      t1 += force * l[1];
      t2 += force * l[2];
      f += force;
    }
    float* out = w.force.data() + 16 * size_t(i);
    for (const Float4* column : {&t0, &t1, &t2, &f}) {
      std::memcpy(out, column, sizeof *column);
      out += 4;
    }
  }
  const auto gradient = movement == Movement::delta ? loops.delta_gradient : loops.twist_gradient;
  gradient(w.moves.data(), bodies.rotation, w.force.data(), n, w.gradient.data());
  loops.transpose_out(w.gradient.data(), n, size, move_gradient);
}

}  // namespace cryomer
