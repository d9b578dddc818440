// Batches of particles from a stack on disk.
#pragma once

#include "cryomer/data/particle_stack.h"
#include "cryomer/imaging/particle_batch.h"

namespace cryomer {

class ParticleLoader {
 public:
  explicit ParticleLoader(const ParticleStack& stack) : stack_(stack) {}

  // Reads the images of these particles; poses are those of the file, or the identity where it has none.
  ParticleBatch load(const std::vector<int64_t>& particles) const;
  // A random choice of at most `count` of these particles, in batches of 256. An optics group that it leaves out is
  // represented by its first particles in the stack, for what is learned from the choice group by group.
  std::vector<ParticleBatch> load_some(const std::vector<int64_t>& particles, int64_t count, uint64_t seed) const;
  const ParticleStack& stack() const { return stack_; }

 private:
  const ParticleStack& stack_;
};

std::vector<int64_t> all_particles(const ParticleStack& stack);
// 0 .. count - 1 evenly thinned to at most `most`.
std::vector<int64_t> spread_rows(int64_t count, int64_t most);

// Which particles a model learns from and which it is only judged by: the same for every run, so that runs can be compared by them.
struct ParticleSplit {
  std::vector<int64_t> training, held_out;
};
ParticleSplit split_particles(int64_t count, double held_out_fraction);

}  // namespace cryomer
