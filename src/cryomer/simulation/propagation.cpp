#include "cryomer/simulation/propagation.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/units.h"
#include "cryomer/kernels/fft.h"
#include "cryomer/simulation/half_spectrum.h"

namespace cryomer {

void weak_phase(const ProjectedPotential& potential, int size, const ElectronBeam& beam, Wave& wave) {
  wave.reset(size);
  const auto sigma = static_cast<float>(beam.interaction);
  for (size_t i = 0; i < wave.real.size(); ++i) {
    wave.real[i] = -sigma * potential.imaginary[i];
    wave.imaginary[i] = sigma * potential.real[i];
  }
}

namespace {

// exp(-mu + i phi) - 1 without loss of digits for small arguments: polynomials up to a quarter turn, where nearly all atoms are.
struct Deviation {
  float real, imaginary;
};

inline Deviation deviation(float phi, float mu) {
  if (std::fabs(phi) > 1.5f || std::fabs(mu) > 0.25f) {
    const double damping = std::exp(-double(mu));
    return {static_cast<float>(damping * std::cos(double(phi)) - 1), static_cast<float>(damping * std::sin(double(phi)))};
  }
  const float p = phi * phi;
  const float cosine_less_1 = p * (-0.5f + p * (1.0f / 24 + p * (-1.0f / 720 + p * (1.0f / 40320 - p * (1.0f / 3628800)))));
  const float sine =
      phi * (1 + p * (-1.0f / 6 + p * (1.0f / 120 + p * (-1.0f / 5040 + p * (1.0f / 362880 - p * (1.0f / 39916800))))));
  const float damping_less_1 = -mu * (1 - mu * (0.5f - mu * (1.0f / 6 - mu * (1.0f / 24 - mu * (1.0f / 120)))));
  return {cosine_less_1 + damping_less_1 + cosine_less_1 * damping_less_1, sine + sine * damping_less_1};
}

}  // namespace

void phase_grating(const ProjectedPotential& potential, int size, const ElectronBeam& beam, Wave& wave) {
  wave.reset(size);
  const auto sigma = static_cast<float>(beam.interaction);
  for (size_t i = 0; i < wave.real.size(); ++i) {
    const Deviation d = deviation(sigma * potential.real[i], sigma * potential.imaginary[i]);
    wave.real[i] = d.real;
    wave.imaginary[i] = d.imaginary;
  }
}

double multislice(const std::function<void(double, double, ProjectedPotential&)>& slab, double depth, double slice, int size,
                  double pixel, const ElectronBeam& beam, Wave& wave) {
  const int slices = std::max(1, static_cast<int>(std::ceil(2 * depth / slice - 1e-9)));
  const double thickness = 2 * depth / slices;
  // Fresnel's propagator with its band limit; both are even, so that real transforms do.
  std::vector<float> cosine(half_count(size)), sine(half_count(size));
  const double limit = 2.0 / 3 * 0.5 / pixel, area = double(size) * size;
  for_each_frequency(size, pixel, [&](size_t i, double kx, double ky) {
    const double k2 = kx * kx + ky * ky, k = std::sqrt(k2);
    const double taper = k < 0.95 * limit ? 1 : k > limit ? 0 : 0.5 + 0.5 * std::cos(kPi * (k - 0.95 * limit) / (0.05 * limit));
    const double phase = -kPi * beam.wavelength * thickness * k2;
    cosine[i] = static_cast<float>(taper / area * std::cos(phase));
    sine[i] = static_cast<float>(taper / area * std::sin(phase));
  });
  wave.reset(size);
  ProjectedPotential potential;
  Wave grating;
  std::vector<float> re(2 * half_count(size)), im(2 * half_count(size));
  for (int n = 0; n < slices; ++n) {
    slab(-depth + n * thickness, -depth + (n + 1) * thickness, potential);
    phase_grating(potential, size, beam, grating);
    // t (1 + d) - 1 = (t - 1) + d + (t - 1) d
    for (size_t i = 0; i < wave.real.size(); ++i) {
      const float a = wave.real[i], b = wave.imaginary[i], c = grating.real[i], d = grating.imaginary[i];
      wave.real[i] = a + c + a * c - b * d;
      wave.imaginary[i] = b + d + a * d + b * c;
    }
    if (n + 1 == slices) break;
    real_fft(wave.real.data(), size, size, re.data());
    real_fft(wave.imaginary.data(), size, size, im.data());
    for (size_t i = 0; i < cosine.size(); ++i) {
      for (int part = 0; part < 2; ++part) {
        const float a = re[2 * i + part], b = im[2 * i + part];
        re[2 * i + part] = cosine[i] * a - sine[i] * b;
        im[2 * i + part] = cosine[i] * b + sine[i] * a;
      }
    }
    inverse_real_fft(re.data(), size, size, wave.real.data());
    inverse_real_fft(im.data(), size, size, wave.imaginary.data());
  }
  return depth - 0.5 * thickness;
}

}  // namespace cryomer
