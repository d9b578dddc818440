// Particle images out of a micrograph: cut at whole pixels, brought to a common scale, made smaller if so wished.
#pragma once

#include <vector>

#include "cryomer/simulation/micrograph.h"

namespace cryomer {

// Mean and standard deviation of what lies on the micrograph beside the particles.
struct Background {
  double mean = 0, deviation = 1;
};
// Pixels farther than `radius` (pixels) from every particle; all of them when none is.
Background background_of(const Micrograph& micrograph, const MicrographPlan& plan, double radius);

struct ExtractedParticle {
  std::vector<float> noisy, clean;  // [box][box] as written, and the same without noise
};
ExtractedParticle extract(const Micrograph& micrograph, const PlannedParticle& particle, const Background& background,
                          const SimulationConfig& config);

// Fourier cropping to `to` pixels over the same field.
std::vector<float> downsampled(const std::vector<float>& image, int from, int to);

}  // namespace cryomer
