#include "cryomer/protein/relaxation.h"

#include <algorithm>
#include <cmath>

#include "cryomer/geometry/rotation.h"

namespace cryomer {

namespace {

struct Body {
  Vec3 centre;
  double inverse_mass;
  Mat3 inverse_inertia;
};

Mat3 inverse_of(const Mat3& m) {
  const Vec3 a = m.row(0), b = m.row(1), c = m.row(2);
  const double d = 1 / dot(a, cross(b, c));
  return Mat3::from_columns(d * cross(b, c), d * cross(c, a), d * cross(a, b));
}

}  // namespace

double relax_chain(const RigidBodyData& bodies, const std::vector<DistanceRestraint>& restraints, float* positions,
                   const Relaxation& options) {
  const int n = bodies.residue_count(), atoms = bodies.atom_count();
  std::vector<Vec3> x(atoms);
  for (int a = 0; a < atoms; ++a) x[a] = {positions[3 * a], positions[3 * a + 1], positions[3 * a + 2]};
  std::vector<int> body_of(atoms);
  std::vector<Body> body(n);
  for (int r = 0; r < n; ++r) {
    const int first = bodies.first_atom[r], last = bodies.first_atom[r + 1];
    for (int a = first; a < last; ++a) {
      body_of[a] = r;
      body[r].centre += x[a];
    }
    body[r].centre = (1.0 / (last - first)) * body[r].centre;
    body[r].inverse_mass = 1.0 / (last - first);
    Mat3 inertia{{0.5, 0, 0, 0, 0.5, 0, 0, 0, 0.5}};  // single atoms and lines of atoms can turn at little cost
    for (int a = first; a < last; ++a) {
      const Vec3 d = x[a] - body[r].centre;
      for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) inertia(i, j) += (i == j ? dot(d, d) : 0.0) - d[i] * d[j];
      }
    }
    body[r].inverse_inertia = inverse_of(inertia);
  }
  const float bond_strength = 1 / (0.02f * 0.02f) * 0.99f;
  double largest = 0;
  for (int sweep = 0; sweep < options.largest_sweep_count; ++sweep) {
    largest = 0;
    for (const DistanceRestraint& restraint : restraints) {
      const int i = restraint.i, j = restraint.j;
      Body &a = body[body_of[i]], &b = body[body_of[j]];
      const Vec3 d = x[i] - x[j];
      const double length = norm(d);
      if (length < 1e-6) continue;
      const double excess = length - restraint.length;
      if (restraint.strength >= bond_strength) largest = std::max(largest, std::abs(excess));
      const Vec3 direction = (1 / length) * d;
      const Vec3 ta = cross(x[i] - a.centre, direction), tb = cross(x[j] - b.centre, direction);
      const double wa = a.inverse_mass + dot(ta, a.inverse_inertia * ta);
      const double wb = b.inverse_mass + dot(tb, b.inverse_inertia * tb);
      // Compliance makes weak restraints give way to strong ones.
      const double step = -excess / (wa + wb + 1.0 / (restraint.strength * 1.0));
      auto move = [&](int r, Body& moved, double sign, Vec3 torque_arm) {
        const Vec3 shift = (sign * step * moved.inverse_mass) * direction;
        const Mat3 turn = rotation_from_vector((sign * step) * (moved.inverse_inertia * torque_arm));
        for (int atom = bodies.first_atom[r]; atom < bodies.first_atom[r + 1]; ++atom) {
          x[atom] = moved.centre + turn * (x[atom] - moved.centre) + shift;
        }
        moved.centre += shift;
        moved.inverse_inertia = turn * moved.inverse_inertia * transposed(turn);
      };
      move(body_of[i], a, 1, ta);
      move(body_of[j], b, -1, tb);
    }
    if (largest < options.tolerance) break;
  }
  for (int a = 0; a < atoms; ++a) {
    for (int k = 0; k < 3; ++k) positions[3 * a + k] = static_cast<float>(x[a][k]);
  }
  return largest;
}

}  // namespace cryomer
