// The wave behind a specimen, in three approximations of one design (Kirkland, Advanced computing in electron microscopy):
//
//   weak phase      psi - 1 = i sigma V_z - sigma W_z                                   linear
//   phase grating   psi = exp(i sigma V_z - sigma W_z)                                  thin
//   multislice      psi <- P_dz [exp(i sigma V_slice - sigma W_slice) psi]              P_dz(k) = exp(-i pi lambda dz k^2)
//
// V the real and W the imaginary (absorbing) potential, sigma the interaction constant. Waves are kept as their deviation from 1.
#pragma once

#include <functional>

#include "cryomer/simulation/lens_transfer.h"
#include "cryomer/simulation/specimen_potential.h"

namespace cryomer {

void weak_phase(const ProjectedPotential& potential, int size, const ElectronBeam& beam, Wave& wave);
void phase_grating(const ProjectedPotential& potential, int size, const ElectronBeam& beam, Wave& wave);

// Potential of the slab between two depths (A), by the argument's function; `wave` is the deviation in the plane of the last slab's
// middle, whose depth is returned. Slabs of `slice` A from -depth to depth. Above two thirds of the highest frequency the wave is
// cut.
double multislice(const std::function<void(double from, double to, ProjectedPotential&)>& slab, double depth, double slice,
                  int size, double pixel, const ElectronBeam& beam, Wave& wave);

}  // namespace cryomer
