#include "cryomer/simulation/lens_transfer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cryomer/base/units.h"
#include "cryomer/simulation/half_spectrum.h"

namespace cryomer {

double focal_spread(const LensConfig& lens) {
  const double energy = 1e3 * lens.voltage;  // eV
  constexpr double kRestEnergy = 510998.95;
  const double relativistic = (1 + energy / kRestEnergy) / (1 + energy / (2 * kRestEnergy));
  return relativistic * lens.chromatic_aberration * 1e7 * lens.energy_spread / energy;
}

double aperture_frequency(const LensConfig& lens, const ElectronBeam& beam) {
  if (lens.aperture <= 0) return std::numeric_limits<double>::infinity();
  return 0.5 * lens.aperture / (1e3 * lens.focal_length) / beam.wavelength;
}

double delocalisation(const LensConfig& lens, const ElectronBeam& beam, double defocus, double k_most) {
  double most = 0;
  for (int i = 1; i <= 200; ++i) {
    const double k = k_most * i / 200;
    most = std::max(most,
                    std::abs(beam.wavelength * defocus * k - lens.spherical_aberration * 1e7 * std::pow(beam.wavelength * k, 3)));
  }
  return most;
}

std::vector<double> ctf_zeros(const LensConfig& lens, const ElectronBeam& beam, double defocus, double amplitude_contrast,
                              double k_most) {
  auto phase = [&](double k) {
    return kPi * beam.wavelength * defocus * k * k -
           0.5 * kPi * lens.spherical_aberration * 1e7 * std::pow(beam.wavelength, 3) * std::pow(k, 4) + radians(lens.phase_shift) +
           std::asin(amplitude_contrast);
  };
  std::vector<double> zeros;
  const int steps = 20000;
  for (int i = 1; i <= steps; ++i) {
    double low = k_most * (i - 1) / steps, high = k_most * i / steps;
    if (i == 1) low = 1e-9;
    const bool sign = std::sin(phase(low)) > 0;
    if (sign == (std::sin(phase(high)) > 0)) continue;
    for (int halving = 0; halving < 50; ++halving) {
      const double middle = 0.5 * (low + high);
      (std::sin(phase(middle)) > 0) == sign ? low = middle : high = middle;
    }
    zeros.push_back(high);
  }
  return zeros;
}

LensTransfer::LensTransfer(const LensConfig& lens, const ElectronBeam& beam, int size, double pixel, std::vector<float> filter)
    : lens_(lens),
      beam_(beam),
      size_(size),
      pixel_(pixel),
      filter_(std::move(filter)),
      cosine_(half_count(size)),
      sine_(half_count(size)) {}

void LensTransfer::focus(double defocus_u, double defocus_v, double angle) {
  if (focused_ && defocus_u == defocus_u_ && defocus_v == defocus_v_ && angle == angle_) return;
  defocus_u_ = defocus_u, defocus_v_ = defocus_v, angle_ = angle, focused_ = true;
  const double lambda = beam_.wavelength, cs = lens_.spherical_aberration * 1e7;
  // Df(theta) k^2 is a quadratic form, as in ctf.cpp.
  const double mean = 0.5 * (defocus_u + defocus_v), astigmatism = 0.5 * (defocus_u - defocus_v);
  const double c = std::cos(2 * angle), s = std::sin(2 * angle);
  const double spatial = std::pow(kPi * lens_.illumination_angle * 1e-3, 2),
               temporal = 0.25 * std::pow(kPi * lambda * focal_spread(lens_), 2);
  const double edge = aperture_frequency(lens_, beam_), outer = 1.05 * edge;
  const double quartic = 0.5 * cs * lambda * lambda * lambda, plate = lens_.phase_shift / 360;
  const int nyquist = size_ / 2;
  for_each_frequency(size_, pixel_, [&](size_t i, double kx, double ky) {
    const double k2 = kx * kx + ky * ky, k = std::sqrt(k2);
    const double df_k2 = mean * k2 + astigmatism * (c * (kx * kx - ky * ky) + 2 * s * kx * ky);
    const double turns = 0.5 * (lambda * df_k2 - quartic * k2 * k2) + (k2 > 0 ? plate : 0);
    const double walk = k2 > 0 ? cs * lambda * lambda * k2 * k - df_k2 / k : 0;
    float amplitude = std::exp(static_cast<float>(-spatial * walk * walk - temporal * k2 * k2));
    if (k > edge) amplitude *= k >= outer ? 0 : static_cast<float>(0.5 + 0.5 * std::cos(kPi * (k - edge) / (outer - edge)));
    if (!filter_.empty()) amplitude *= filter_[i];
    const auto angle_of = static_cast<float>(2 * kPi * (turns - std::nearbyint(turns)));
    cosine_[i] = amplitude * std::cos(angle_of);
    sine_[i] = amplitude * std::sin(angle_of);
  });
  // The highest frequency of an even size has no partner of its own.
  for (int v = 0; v < size_; ++v) {
    const size_t row = size_t(v) * half_columns(size_);
    cosine_[row + nyquist] = sine_[row + nyquist] = 0;
    if (v == nyquist) {
      std::fill_n(cosine_.begin() + row, half_columns(size_), 0.0f);
      std::fill_n(sine_.begin() + row, half_columns(size_), 0.0f);
    }
  }
}

void LensTransfer::apply(float* __restrict re, float* __restrict im) const {
  const size_t count = half_count(size_);
  for (size_t i = 0; i < count; ++i) {
    const float c = cosine_[i], s = sine_[i];
    for (int part = 0; part < 2; ++part) {
      const float a = re[2 * i + part], b = im[2 * i + part];
      re[2 * i + part] = c * a - s * b;
      im[2 * i + part] = c * b + s * a;
    }
  }
}

}  // namespace cryomer
