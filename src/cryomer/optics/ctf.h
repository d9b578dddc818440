// The contrast transfer function in RELION's convention (peers: protein bright, underfocus positive):
//
//   CTF(k) = sin(pi lambda df(theta) k^2 - pi/2 Cs lambda^3 k^4 + phase shift + asin(Q0)) exp(-B k^2 / 4) scale
//   df(theta) = (U + V)/2 + (U - V)/2 cos 2(theta - angle)
//
// (Rohou & Grigorieff 2015, sections 2.1 and 2.3.) It is +Q0 at k = 0.
#pragma once

#include "cryomer/optics/optics_group.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {

// Electron wavelength in A at an acceleration voltage in kV, relativistic.
double electron_wavelength(double voltage);

// One value; kx, ky in 1/A.
double ctf_value(const OpticsGroup& optics, const CtfParameters& ctf, double kx, double ky);

// One particle's optics.
struct ParticleOptics {
  OpticsGroup optics;
  CtfParameters ctf;
};

// CTFs on the half spectra of box x box images, each with its own pixel size: [particles, box, box / 2 + 1] float32.
// Images that were multiplied by their CTF when extracted get CTF^2.
Tensor ctf_spectra(const std::vector<ParticleOptics>& particles, int box, at::Device device = at::kCPU);

// |k| of each entry of the half spectrum of a box, in units of 1 / (box * pixel size): [box, box / 2 + 1] float32.
Tensor half_spectrum_radius(int box);

}  // namespace cryomer
