// Backbone torsions stay where they may be: energy = sum over residues of strength / 2 d^2 + left_handed sin phi where phi is above 0, d the
// distance in (phi, psi) to the nearest of the residue's open regions, and its gradient.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "cryomer/base/host_device.h"
#include "cryomer/base/units.h"
#include "cryomer/geometry/vec3.h"

namespace cryomer {

// A rectangle of (phi, psi), modulo full turns: radians.
struct TorsionRegion {
  double phi = 0, psi = 0;              // its centre
  double phi_reach = 0, psi_reach = 0;  // half of its sides
};

struct BackboneTorsionRules {
  struct Residue {
    int c_before = 0, n = 0, ca = 0, c = 0, n_after = 0;  // atoms
    int first_region = 0, region_count = 0;               // those open to it; none: all is
    double left_handed = 0;                               // nats
  };
  std::vector<Residue> residues;
  std::vector<TorsionRegion> regions;  // residue after residue
  int atom_count = 0;
  double strength = 1;  // 1/radian^2

  void add(int c_before, int n, int ca, int c, int n_after, const std::vector<TorsionRegion>& open, double left_handed = 0);
};

// Returns the energy of positions [atoms][3]; adds to gradient [atoms][3] when it is not null.
double backbone_torsion_energy(const BackboneTorsionRules& rules, const float* positions, float* gradient);

namespace detail {

struct TorsionForce {
  double energy = 0;
  int atoms[5];  // C before, N, CA, C and N after
  Vec3 on[5];    // gradient with respect to these
};

// By how much an angle is beyond an interval, with its sign.
CRYOMER_HOST_DEVICE inline double beyond(double angle, double centre, double reach) {
  const double from_centre = std::remainder(angle - centre, 2 * kPi);
  return std::copysign(std::fmax(0.0, std::fabs(from_centre) - reach), from_centre);
}

// Adds force times the gradient of the torsion of x[0] to x[3] (Blondel and Karplus 1996).
CRYOMER_HOST_DEVICE inline void add_torsion_gradient(const Vec3* x, double force, Vec3* gradient) {
  const Vec3 f = x[0] - x[1], g = x[1] - x[2], h = x[3] - x[2], m = cross(f, g), n = cross(h, g);
  const double length = norm(g), mm = dot(m, m), nn = dot(n, n);
  if (!(length > 0 && mm > 0 && nn > 0)) return;  // in one line they have no torsion
  const Vec3 on_a = (-length / mm) * m, on_d = (length / nn) * n;
  const Vec3 turned = (dot(f, g) / (mm * length)) * m - (dot(h, g) / (nn * length)) * n;
  gradient[0] += force * on_a;
  gradient[1] += force * (turned - on_a);
  gradient[2] += force * (-turned - on_d);
  gradient[3] += force * on_d;
}

CRYOMER_HOST_DEVICE inline TorsionForce torsion_force(const BackboneTorsionRules::Residue& r, const TorsionRegion* regions, double strength,
                                                      const float* positions) {
  TorsionForce found{0, {r.c_before, r.n, r.ca, r.c, r.n_after}, {}};
  Vec3 x[5];
  for (int i = 0; i < 5; ++i) {
    const float* const at = positions + 3 * size_t(found.atoms[i]);
    x[i] = {at[0], at[1], at[2]};
  }
  const double phi = torsion_angle(x[0], x[1], x[2], x[3]), psi = torsion_angle(x[1], x[2], x[3], x[4]);
  double least = HUGE_VAL, phi_beyond = 0, psi_beyond = 0;
  for (int i = r.first_region; i < r.first_region + r.region_count; ++i) {
    const TorsionRegion& region = regions[i];
    const double u = beyond(phi, region.phi, region.phi_reach), v = beyond(psi, region.psi, region.psi_reach), square = u * u + v * v;
    if (square >= least) continue;
    least = square;
    phi_beyond = u;
    psi_beyond = v;
  }
  if (r.left_handed > 0 && phi > 0) {
    found.energy = r.left_handed * std::sin(phi);
    add_torsion_gradient(x, r.left_handed * std::cos(phi), found.on);
  }
  if (!(least > 0 && least < HUGE_VAL)) return found;  // no number: the likelihood says so
  found.energy += 0.5 * strength * least;
  add_torsion_gradient(x, strength * phi_beyond, found.on);
  add_torsion_gradient(x + 1, strength * psi_beyond, found.on + 1);
  return found;
}

}  // namespace detail

}  // namespace cryomer
