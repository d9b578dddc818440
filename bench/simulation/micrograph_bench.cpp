// One micrograph of 512 x 512 pixels with 21 particles of about 2100 atoms, on one core: from coordinates to counts, the specimen's
// solvent included.
#include "cryomer/simulation/micrograph.h"

#include <benchmark/benchmark.h>

#include "cryomer/base/random.h"

namespace cryomer {
namespace {

// A globule of 265 alanine-like residues: five heavy atoms each, with the density of protein.
Structure globule(int atoms) {
  Structure s;
  s.source = "globule";
  Random random(3);
  Residue residue;
  residue.chain = "A";
  residue.name = "UNK";
  residue.atom_count = atoms;
  s.residues.push_back(residue);
  while (s.atom_count() < atoms) {
    const Vec3 p{50 * random.uniform() - 25, 50 * random.uniform() - 25, 50 * random.uniform() - 25};
    if (norm(p) > 21.1) continue;  // 17 A^3 of volume for each heavy atom
    bool free = true;
    for (const Atom& other : s.atoms) free = free && norm(other.position - p) > 1.35;
    if (!free) continue;
    Atom atom;
    const double kind = random.uniform();
    atom.name = "X";
    atom.atomic_number = kind < 0.63 ? 6 : kind < 0.8 ? 7 : kind < 0.99 ? 8 : 16;
    atom.position = p;
    s.atoms.push_back(atom);
  }
  return s;
}

void micrograph(benchmark::State& state, const char* preset, const char* propagation) {
  const Structure structure = globule(2100);
  SimulationConfig config = simulation_preset(preset);
  config.layout.micrograph = 512;
  config.layout.per_micrograph = 21;
  config.layout.particles = 21 * 1000;
  config.layout.states = "one";
  config.extraction.box = 64;
  if (propagation[0] != '\0') config.lens.propagation = propagation;
  const Microscope microscope(config, structure);
  const std::vector<float> coordinates = structure.coordinates();
  const DataSetPlan plan(config, 1000, {}, 36);
  std::shared_ptr<const Specimen> specimen;
  MicrographRenderer renderer(microscope, [&](int64_t) { return specimen; });
  int64_t index = 0;
  for (auto _ : state) {
    specimen =
        std::make_shared<const Specimen>(microscope.potential.specimen(coordinates.data()));  // each micrograph shows a new state
    benchmark::DoNotOptimize(renderer.render(plan.micrograph(index++)));
  }
}
BENCHMARK_CAPTURE(micrograph, seed, "seed", "")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(micrograph, seed_physical, "seed-physical", "")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(micrograph, seed_physical_weak_phase, "seed-physical", "weak-phase")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(micrograph, seed_physical_multislice, "seed-physical", "multislice")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace cryomer
