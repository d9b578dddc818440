#include "cryomer/simulation/ice_scattering.h"

#include <math.h>  // j0, of POSIX

#include <algorithm>
#include <cmath>
#include <limits>

#include "cryomer/base/units.h"
#include "cryomer/simulation/lens_transfer.h"

namespace cryomer {

namespace {

constexpr double kBohrRadius = 0.529177;  // A

struct PerAngle {
  double elastic, inelastic;  // A^2 per steradian
};

PerAngle per_angle(int z, const ElectronBeam& beam, double voltage, double angle) {
  const double k0 = 2 * kPi / beam.wavelength, z3 = std::cbrt(double(z)), a2 = kBohrRadius * kBohrRadius;
  const double th0 = z3 / (k0 * kBohrRadius), the = 13.5 * z / (4 * 1e3 * voltage);
  const double screened = 1 / std::pow(1 + angle * angle / (th0 * th0), 2), g2 = beam.gamma * beam.gamma;
  const double t2 = angle * angle + the * the;
  return {4 * z3 * z3 * a2 * g2 * screened, 4 * z * g2 / (std::pow(k0, 4) * a2 * t2 * t2) * (1 - screened)};
}

// Sum of visit(angle, solid angle) over a logarithmic grid.
template <class Visit>
void over_angles(double most, Visit&& visit) {
  const int steps = 4000;
  const double least = 1e-7, ratio = std::log(most / least) / steps;
  for (int i = 0; i < steps; ++i) {
    const double angle = least * std::exp(ratio * (i + 0.5));
    visit(angle, 2 * kPi * angle * angle * ratio);
  }
}

}  // namespace

CrossSection cross_section(int atomic_number, const ElectronBeam& beam, double voltage) {
  CrossSection sum;
  over_angles(1.0, [&](double angle, double solid) {
    const PerAngle p = per_angle(atomic_number, beam, voltage, angle);
    sum.elastic += solid * p.elastic;
    sum.inelastic += solid * p.inelastic;
  });
  return sum;
}

IceScattering::IceScattering(const IceConfig& ice, const LensConfig& lens, const ElectronBeam& beam) {
  if (ice.scattering == "none") {
    mean_free_path_ = std::numeric_limits<double>::infinity();
  } else if (ice.scattering == "filter") {
    mean_free_path_ = ice.inelastic_path;
  } else {
    const CrossSection o = cross_section(8, beam, lens.voltage), h = cross_section(1, beam, lens.voltage);
    mean_free_path_ = 1 / (ice.number_density * (o.elastic + o.inelastic + 2 * (h.elastic + h.inelastic)));
    // Spread of scattered electrons with carbon's distribution, cut by the aperture.
    const CrossSection carbon = cross_section(6, beam, lens.voltage);
    const double edge = std::min(1.0, aperture_frequency(lens, beam) * beam.wavelength);
    const double most = 2 * std::max({std::abs(lens.defocus_least), std::abs(lens.defocus_most), 100.0});
    spread_.resize(800);
    step_ = most / double(spread_.size() - 1);
    for (size_t i = 0; i < spread_.size(); ++i) {
      double sum = 0;
      over_angles(edge, [&](double angle, double solid) {
        const PerAngle p = per_angle(6, beam, lens.voltage, angle);
        sum += solid * (p.elastic + p.inelastic) * ::j0(2 * kPi * step_ * double(i) * angle);
      });
      spread_[i] = sum / (carbon.elastic + carbon.inelastic);
    }
  }
  kept_ = std::exp(-ice.thickness / mean_free_path_);
}

double IceScattering::transfer(double k, double defocus) const {
  if (spread_.empty()) return kept_;
  const double place = std::min(k * std::abs(defocus) / step_, double(spread_.size() - 1) - 1e-9);
  const auto i = static_cast<size_t>(place);
  const double share = place - double(i);
  return kept_ + (1 - kept_) * ((1 - share) * spread_[i] + share * spread_[i + 1]);
}

}  // namespace cryomer
