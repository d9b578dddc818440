// Draws of whole electrons and of what an integrating camera makes of them.
#pragma once

#include "cryomer/base/random.h"

namespace cryomer {

// Poisson with any mean; below 10 by multiplication of uniforms, above by Hoermann's transformed rejection (PTRS, 1993).
double poisson(double mean, Random& random);

// Inverse Gaussian (Wald) with this mean and variance (Michael, Schucany & Haas 1976).
double inverse_gaussian(double mean, double variance, Random& random);

}  // namespace cryomer
