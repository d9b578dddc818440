// What the objective lens does to the wave behind the specimen:
//
//   H(k) = A(k) E_s(k) E_t(k) exp(+i chi),  chi = pi lambda Df(theta) k^2 - pi/2 Cs lambda^3 k^4 + phase plate
//   E_s = exp(-(pi alpha)^2 (Cs lambda^2 k^3 - Df k)^2)           a source of the 1/e half angle alpha
//   E_t = exp(-(pi lambda Delta)^2 k^4 / 4)                       Delta = Cc dE / U (1 + eU/mc^2) / (1 + eU/2mc^2), dE a 1/e half
//   width A: 1 up to the aperture's frequency, then a cosine edge of 5 %
//
// Underfocus is positive and lets the wave go back: H with Df = d undoes a flight over d. H is even, so that the real and the
// imaginary part of a wave can go through real transforms. (Kirkland, Advanced computing in electron microscopy; signs as in
// ctf.h.)
#pragma once

#include <vector>

#include "cryomer/optics/optics_group.h"
#include "cryomer/simulation/electron_beam.h"
#include "cryomer/simulation/simulation_config.h"

namespace cryomer {

// Deviation of a wave from the incident one (1): [size][size].
struct Wave {
  int size = 0;
  std::vector<float> real, imaginary;

  void reset(int n) {
    size = n;
    real.assign(size_t(n) * size_t(n), 0.0f);
    imaginary.assign(size_t(n) * size_t(n), 0.0f);
  }
};

class LensTransfer {
 public:
  // For images of `size` pixels. `filter` multiplies H: [size][size / 2 + 1], or empty.
  LensTransfer(const LensConfig& lens, const ElectronBeam& beam, int size, double pixel, std::vector<float> filter = {});

  // Sets the defocus (A, of the plane of the wave) and astigmatism; cheap when nothing changes.
  void focus(double defocus_u, double defocus_v, double angle);
  // Takes the wave through the lens: the transforms of its real and imaginary part in, the image's wave out. The two spectra are
  // overwritten; both are unnormalised.
  void apply(float* real_spectrum, float* imaginary_spectrum) const;
  int size() const { return size_; }

 private:
  LensConfig lens_;
  ElectronBeam beam_;
  int size_;
  double pixel_;
  std::vector<float> filter_, cosine_, sine_;
  double defocus_u_ = 0, defocus_v_ = 0, angle_ = 0;
  bool focused_ = false;
};

// Spread of focus Delta, A.
double focal_spread(const LensConfig& lens);
// Highest frequency that the aperture lets through, 1/A; infinite without one.
double aperture_frequency(const LensConfig& lens, const ElectronBeam& beam);
// How far the lens carries what has frequencies up to k_most: the largest |lambda Df k - Cs lambda^3 k^3|, A.
double delocalisation(const LensConfig& lens, const ElectronBeam& beam, double defocus, double k_most);
// Frequencies at which sin(chi + asin(A)) vanishes, up to k_most, ascending, for one defocus.
std::vector<double> ctf_zeros(const LensConfig& lens, const ElectronBeam& beam, double defocus, double amplitude_contrast,
                              double k_most);

}  // namespace cryomer
