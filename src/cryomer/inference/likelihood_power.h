// How much an image's likelihood should count beside the prior. Were all true that a model holds of the images, it would be the likelihood itself; ours
// lacks shapes (residues are rigid, the decoder is smooth, atoms as wide as they are unsure) and has learned some noise, and then its power can predict better
// (generalised Bayes, Gruenwald and van Ommen 2017). Particles that were held out are inferred from four fifths of their Fourier
// pixels, and that power is taken by which their structures explain the rest.
#pragma once

#include <vector>

#include "cryomer/inference/posterior.h"

namespace cryomer {

struct PowerTrial {
  double power = 1;
  std::vector<double> explained;  // nats of what was not seen, particle by particle
};

// The lowest power whose explanations are within a standard error (of the paired differences) of the best one's: Breiman et al. 1984.
double cautious_power(const std::vector<PowerTrial>& trials);

// `stack`: the particles that the model was trained on; 512 of those that were held out are asked. One where fewer than 50 are there.
double find_likelihood_power(const TrainedModel& trained, const ParticleStack& stack);

}  // namespace cryomer
