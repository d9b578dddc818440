// A whole micrograph: each particle's exit wave goes through the lens at the particle's own defocus on a patch large enough for
// what the lens carries away from it; the waves add up, the ice adds its granularity, and the intensity falls on the detector.
// Protein is dark.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "cryomer/simulation/detector.h"
#include "cryomer/simulation/ice_noise.h"
#include "cryomer/simulation/ice_scattering.h"
#include "cryomer/simulation/lens_transfer.h"
#include "cryomer/simulation/micrograph_plan.h"
#include "cryomer/simulation/specimen_potential.h"

namespace cryomer {

// Both [size][size], in counts.
struct Micrograph {
  int size = 0;
  std::vector<float> noisy, clean;
  double electrons = 0;  // mean expected per pixel, before the detector
};

// What does not change from micrograph to micrograph; shared by all threads.
struct Microscope {
  SimulationConfig config;
  ElectronBeam beam;
  SpecimenPotential potential;
  IceScattering ice;
  Detector detector;

  Microscope(const SimulationConfig& config, const Structure& structure);
};

// For one thread: keeps its transforms' tables and grids.
class MicrographRenderer {
 public:
  // `specimen_of` gives the specimen of a state.
  using Specimens = std::function<std::shared_ptr<const Specimen>(int64_t state)>;
  MicrographRenderer(const Microscope& microscope, Specimens specimens);

  Micrograph render(const MicrographPlan& plan);

 private:
  struct Canvas;
  void add_particle(const MicrographPlan& plan, const PlannedParticle& particle, Canvas& canvas);
  void add_ice(const MicrographPlan& plan, Canvas& canvas);
  std::vector<float> ice_phase(const MicrographPlan& plan, const Canvas& canvas) const;
  std::vector<float> water_phase(const MicrographPlan& plan) const;
  std::vector<float> intensity_of(const Canvas& canvas) const;
  std::vector<float> electrons(const Canvas& canvas, const MicrographPlan& plan) const;
  LensTransfer& lens_for(int size);

  const Microscope& microscope_;
  Specimens specimens_;
  std::map<int, LensTransfer> lens_;
  ProjectedPotential potential_;
  Wave exit_wave_;
  std::vector<float> fine_, real_spectrum_, imaginary_spectrum_;
};

}  // namespace cryomer
