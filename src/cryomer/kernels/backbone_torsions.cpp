#include "cryomer/kernels/backbone_torsions.h"

#include <cmath>
#include <cstddef>
#include <limits>

#include "cryomer/base/units.h"
#include "cryomer/geometry/vec3.h"

namespace cryomer {

namespace {

// By how much an angle is beyond an interval, with its sign.
double beyond(double angle, double centre, double reach) {
  const double from_centre = std::remainder(angle - centre, 2 * kPi);
  return std::copysign(std::fmax(0.0, std::abs(from_centre) - reach), from_centre);
}

// Adds force times the gradient of the torsion of atoms a, b, c, d (Blondel and Karplus 1996).
void add_torsion_gradient(const Vec3 (&x)[4], const int (&atoms)[4], double force, float* gradient) {
  const Vec3 f = x[0] - x[1], g = x[1] - x[2], h = x[3] - x[2], m = cross(f, g), n = cross(h, g);
  const double length = norm(g), mm = dot(m, m), nn = dot(n, n);
  if (!(length > 0 && mm > 0 && nn > 0)) return;  // in one line they have no torsion
  const Vec3 on_a = (-length / mm) * m, on_d = (length / nn) * n;
  const Vec3 turned = (dot(f, g) / (mm * length)) * m - (dot(h, g) / (nn * length)) * n;
  const Vec3 on[4] = {on_a, turned - on_a, -turned - on_d, on_d};
  for (int i = 0; i < 4; ++i) {
    for (int k = 0; k < 3; ++k) gradient[3 * size_t(atoms[i]) + k] += static_cast<float>(force * on[i][k]);
  }
}

}  // namespace

double backbone_torsion_energy(const BackboneTorsionRules& rules, const float* positions, float* gradient) {
  auto position = [&](int a) {
    const float* const x = positions + 3 * size_t(a);
    return Vec3{x[0], x[1], x[2]};
  };
  double energy = 0;
  for (const BackboneTorsionRules::Residue& r : rules.residues) {
    const Vec3 before = position(r.c_before), n = position(r.n), ca = position(r.ca), c = position(r.c), after = position(r.n_after);
    const double phi = torsion_angle(before, n, ca, c), psi = torsion_angle(n, ca, c, after);
    double least = std::numeric_limits<double>::infinity(), phi_beyond = 0, psi_beyond = 0;
    for (const TorsionRegion& region : r.open) {
      const double u = beyond(phi, region.phi, region.phi_reach), v = beyond(psi, region.psi, region.psi_reach), square = u * u + v * v;
      if (square >= least) continue;
      least = square;
      phi_beyond = u;
      psi_beyond = v;
    }
    if (!(least > 0) || std::isinf(least)) continue;  // no number: the likelihood says so
    energy += 0.5 * rules.strength * least;
    if (!gradient) continue;
    add_torsion_gradient({before, n, ca, c}, {r.c_before, r.n, r.ca, r.c}, rules.strength * phi_beyond, gradient);
    add_torsion_gradient({n, ca, c, after}, {r.n, r.ca, r.c, r.n_after}, rules.strength * psi_beyond, gradient);
  }
  return energy;
}

}  // namespace cryomer
