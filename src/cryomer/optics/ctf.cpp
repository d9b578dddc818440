#include "cryomer/optics/ctf.h"

#include <cmath>

#include "cryomer/base/units.h"

namespace cryomer {

double electron_wavelength(double voltage) {
  const double v = voltage * 1e3;
  return 12.2643247 / std::sqrt(v * (1 + 0.978466e-6 * v));
}

double ctf_value(const OpticsGroup& optics, const CtfParameters& ctf, double kx, double ky) {
  const double lambda = electron_wavelength(optics.voltage);
  const double cs = optics.spherical_aberration * 1e7;
  const double k2 = kx * kx + ky * ky;
  const double theta = std::atan2(ky, kx);
  const double defocus = 0.5 * (ctf.defocus_u + ctf.defocus_v) +
                         0.5 * (ctf.defocus_u - ctf.defocus_v) * std::cos(2 * (theta - ctf.astigmatism_angle));
  const double phase = kPi * lambda * defocus * k2 - 0.5 * kPi * cs * lambda * lambda * lambda * k2 * k2 +
                       ctf.phase_shift + std::asin(optics.amplitude_contrast);
  return ctf.scale * std::sin(phase) * std::exp(-0.25 * ctf.b_factor * k2);
}

Tensor ctf_spectra(const std::vector<ParticleOptics>& particles, int box) {
  const int half = box / 2 + 1;
  const int64_t count = static_cast<int64_t>(particles.size());
  Tensor phase = at::empty({count, box, half}), envelope;
  bool any_envelope = false, any_premultiplied = false;
  for (const ParticleOptics& p : particles) {
    any_envelope |= p.ctf.b_factor != 0 || p.ctf.scale != 1;
    any_premultiplied |= p.optics.ctf_premultiplied;
  }
  if (any_envelope) envelope = at::empty_like(phase);
  float* const phases = phase.data_ptr<float>();
  float* const envelopes = any_envelope ? envelope.data_ptr<float>() : nullptr;
  parallel_for(count, 4, [&](int64_t first, int64_t last) {
    for (int64_t n = first; n < last; ++n) {
      const auto& [optics, ctf] = particles[n];
      const double lambda = electron_wavelength(optics.voltage);
      const double step = 1.0 / (box * optics.pixel_size);
      // The defocus term is a quadratic form: df(theta) k^2 = mean k^2 + astigmatism (c (kx^2 - ky^2) + 2 s kx ky).
      const double mean = 0.5 * (ctf.defocus_u + ctf.defocus_v), astigmatism = 0.5 * (ctf.defocus_u - ctf.defocus_v);
      const double c = std::cos(2 * ctf.astigmatism_angle), s = std::sin(2 * ctf.astigmatism_angle);
      const double quadratic = kPi * lambda * step * step;
      const auto xx = static_cast<float>(quadratic * (mean + astigmatism * c));
      const auto yy = static_cast<float>(quadratic * (mean - astigmatism * c));
      const auto xy = static_cast<float>(quadratic * 2 * astigmatism * s);
      const auto quartic = static_cast<float>(-0.5 * kPi * optics.spherical_aberration * 1e7 * std::pow(lambda, 3) *
                                              std::pow(step, 4));
      const auto constant = static_cast<float>(ctf.phase_shift + std::asin(optics.amplitude_contrast));
      const auto decay = static_cast<float>(-0.25 * ctf.b_factor * step * step);
      for (int v = 0; v < box; ++v) {
        const auto fy = static_cast<float>(v <= box / 2 ? v : v - box);
        float* const row = phases + (n * box + v) * half;
        float* const envelope_row = envelopes ? envelopes + (n * box + v) * half : nullptr;
        for (int u = 0; u < half; ++u) {
          const auto fx = static_cast<float>(u);
          const float k2 = fx * fx + fy * fy;
          row[u] = xx * fx * fx + yy * fy * fy + xy * fx * fy + quartic * k2 * k2 + constant;
          if (envelope_row) envelope_row[u] = static_cast<float>(ctf.scale) * std::exp(decay * k2);
        }
      }
    }
  });
  Tensor result = phase.sin_();
  if (any_envelope) result.mul_(envelope);
  if (any_premultiplied) {
    for (int64_t n = 0; n < count; ++n) {
      if (particles[n].optics.ctf_premultiplied) result[n].square_();
    }
  }
  return result;
}

Tensor half_spectrum_radius(int box) {
  const Tensor u = at::arange(box / 2 + 1, at::kFloat);
  Tensor v = at::arange(box, at::kFloat);
  v = at::where(v > box / 2, v - box, v);
  return (v.square().unsqueeze(1) + u.square()).sqrt();
}

}  // namespace cryomer
