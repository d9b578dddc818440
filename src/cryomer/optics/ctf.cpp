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

namespace {

// Of one particle's phase and envelope, as functions of the entry (u, v) of the half spectrum.
struct CtfTerms {
  float xx, yy, xy;  // the defocus term is a quadratic form: df(theta) k^2 = mean k^2 + astigmatism (c (kx^2 - ky^2) + 2 s kx ky)
  float quartic, constant, decay, scale;
};

CtfTerms ctf_terms(const ParticleOptics& particle, int box) {
  const auto& [optics, ctf] = particle;
  const double lambda = electron_wavelength(optics.voltage);
  const double step = 1.0 / (box * optics.pixel_size);
  const double mean = 0.5 * (ctf.defocus_u + ctf.defocus_v), astigmatism = 0.5 * (ctf.defocus_u - ctf.defocus_v);
  const double c = std::cos(2 * ctf.astigmatism_angle), s = std::sin(2 * ctf.astigmatism_angle);
  const double quadratic = kPi * lambda * step * step;
  CtfTerms terms;
  terms.xx = static_cast<float>(quadratic * (mean + astigmatism * c));
  terms.yy = static_cast<float>(quadratic * (mean - astigmatism * c));
  terms.xy = static_cast<float>(quadratic * 2 * astigmatism * s);
  terms.quartic = static_cast<float>(-0.5 * kPi * optics.spherical_aberration * 1e7 * std::pow(lambda, 3) * std::pow(step, 4));
  terms.constant = static_cast<float>(ctf.phase_shift + std::asin(optics.amplitude_contrast));
  terms.decay = static_cast<float>(-0.25 * ctf.b_factor * step * step);
  terms.scale = static_cast<float>(ctf.scale);
  return terms;
}

// [box] and [half]: v and u of each row and column.
std::pair<Tensor, Tensor> half_spectrum_axes(int box, at::Device device) {
  const auto options = at::TensorOptions(at::kFloat).device(device);
  const Tensor v = at::arange(box, options);
  return {at::where(v > box / 2, v - box, v), at::arange(box / 2 + 1, options)};
}

// Phases and envelopes [particles, box, half]; the envelope is left out when it is 1 everywhere.
std::pair<Tensor, Tensor> ctf_parts_on_gpu(const std::vector<CtfTerms>& terms, int box, at::Device device, bool with_envelope) {
  std::vector<float> rows;
  for (const CtfTerms& t : terms) rows.insert(rows.end(), {t.xx, t.yy, t.xy, t.quartic, t.constant, t.decay, t.scale});
  const Tensor all = brought_to(device, tensor_from(rows, {int64_t(terms.size()), 7, 1, 1}));
  auto term = [&](int64_t k) { return all.select(1, k); };
  const auto [v, u] = half_spectrum_axes(box, device);
  const Tensor uu = u.square().unsqueeze(0), vv = v.square().unsqueeze(1), k2 = vv + uu;
  const Tensor phase = term(0) * uu + term(1) * vv + term(2) * (v.unsqueeze(1) * u) + term(3) * k2.square() + term(4);
  return {phase, with_envelope ? term(6) * (term(5) * k2).exp() : Tensor()};
}

std::pair<Tensor, Tensor> ctf_parts_on_cpu(const std::vector<CtfTerms>& terms, int box, bool with_envelope) {
  const int half = box / 2 + 1;
  const auto count = int64_t(terms.size());
  Tensor phase = at::empty({count, box, half}), envelope = with_envelope ? at::empty_like(phase) : Tensor();
  float* const phases = phase.data_ptr<float>();
  float* const envelopes = with_envelope ? envelope.data_ptr<float>() : nullptr;
  parallel_for(count, 4, [&](int64_t first, int64_t last) {
    for (int64_t n = first; n < last; ++n) {
      const CtfTerms t = terms[size_t(n)];
      for (int v = 0; v < box; ++v) {
        const auto fy = static_cast<float>(v <= box / 2 ? v : v - box);
        float* const row = phases + (n * box + v) * half;
        float* const envelope_row = envelopes ? envelopes + (n * box + v) * half : nullptr;
        for (int u = 0; u < half; ++u) {
          const auto fx = static_cast<float>(u);
          const float k2 = fx * fx + fy * fy;
          row[u] = t.xx * fx * fx + t.yy * fy * fy + t.xy * fx * fy + t.quartic * k2 * k2 + t.constant;
          if (envelope_row) envelope_row[u] = t.scale * std::exp(t.decay * k2);
        }
      }
    }
  });
  return {phase, envelope};
}

}  // namespace

Tensor ctf_spectra(const std::vector<ParticleOptics>& particles, int box, at::Device device) {
  std::vector<CtfTerms> terms;
  bool any_envelope = false;
  for (const ParticleOptics& p : particles) {
    terms.push_back(ctf_terms(p, box));
    any_envelope |= p.ctf.b_factor != 0 || p.ctf.scale != 1;
  }
  auto [phase, envelope] = device.is_cpu() ? ctf_parts_on_cpu(terms, box, any_envelope) : ctf_parts_on_gpu(terms, box, device, any_envelope);
  Tensor result = phase.sin_();
  if (any_envelope) result.mul_(envelope);
  for (size_t n = 0; n < particles.size(); ++n) {
    if (particles[n].optics.ctf_premultiplied) result[int64_t(n)].square_();
  }
  return result;
}

Tensor half_spectrum_radius(int box) {
  const auto [v, u] = half_spectrum_axes(box, at::kCPU);
  return (v.square().unsqueeze(1) + u.square()).sqrt();
}

}  // namespace cryomer
