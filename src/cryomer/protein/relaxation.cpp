#include "cryomer/protein/relaxation.h"

#include <algorithm>
#include <cmath>

#include "cryomer/geometry/rotation.h"

namespace cryomer {

namespace {

Mat3 inverse_of(const Mat3& m) {
  const Vec3 a = m.row(0), b = m.row(1), c = m.row(2);
  const double d = 1 / dot(a, cross(b, c));
  return Mat3::from_columns(d * cross(b, c), d * cross(c, a), d * cross(a, b));
}

// A residue and where it has been moved to: x = centre + turn * (x_start - start).
struct Body {
  Vec3 start, centre;
  Mat3 turn;
  double inverse_mass = 0;
  Mat3 inverse_inertia;

  Vec3 place(Vec3 arm) const { return centre + turn * arm; }
  // To first order: the turns of one sweep are small, and what the order leaves is removed after it. A residue that is turned
  // the wrong way round asks for more than it can be told at once.
  void turn_by(Vec3 w) {
    constexpr double kSmall = 0.2, kMost = 0.5;  // radians
    const double angle = norm(w);
    if (angle > kSmall) {
      turn = rotation_from_vector((std::min(angle, kMost) / angle) * w) * turn;
      return;
    }
    const Vec3 x = turn.column(0), y = turn.column(1), z = turn.column(2);
    turn = Mat3::from_columns(x + cross(w, x), y + cross(w, y), z + cross(w, z));
  }
};

// A restraint's end: which body, and where on it.
struct Anchor {
  int body;
  Vec3 arm;
};

struct Link {
  Anchor a, b;
  double length, compliance;
  bool is_bond;
};

}  // namespace

double relax_chain(const RigidBodyData& bodies, const std::vector<DistanceRestraint>& restraints, float* positions,
                   const Relaxation& options) {
  const int n = bodies.residue_count(), atoms = bodies.atom_count();
  auto position = [&](int a) { return Vec3{positions[3 * a], positions[3 * a + 1], positions[3 * a + 2]}; };
  std::vector<int> body_of(atoms);
  std::vector<Body> body(n);
  for (int r = 0; r < n; ++r) {
    const int first = bodies.first_atom[r], last = bodies.first_atom[r + 1];
    for (int a = first; a < last; ++a) {
      body_of[a] = r;
      body[r].start += position(a);
    }
    body[r].start = body[r].centre = (1.0 / (last - first)) * body[r].start;
    body[r].inverse_mass = 1.0 / (last - first);
    Mat3 inertia{{0.5, 0, 0, 0, 0.5, 0, 0, 0, 0.5}};  // single atoms and lines of atoms can turn at little cost
    for (int a = first; a < last; ++a) {
      const Vec3 d = position(a) - body[r].start;
      for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) inertia(i, j) += (i == j ? dot(d, d) : 0.0) - d[i] * d[j];
      }
    }
    body[r].inverse_inertia = inverse_of(inertia);
  }
  constexpr double kBondStrength = 1 / (0.02 * 0.02);
  std::vector<Link> links;
  for (const DistanceRestraint& r : restraints) {
    const int a = body_of[r.i], b = body_of[r.j];
    links.push_back({{a, position(r.i) - body[a].start}, {b, position(r.j) - body[b].start}, r.length,
                     1.0 / r.strength, r.strength > 0.99 * kBondStrength});
  }
  double largest = 0;
  for (int sweep = 0; sweep < options.largest_sweep_count; ++sweep) {
    largest = 0;
    const double weak = 1 / (1 + 0.1 * sweep);
    for (const Link& link : links) {
      Body &a = body[link.a.body], &b = body[link.b.body];
      const Vec3 arm_a = a.turn * link.a.arm, arm_b = b.turn * link.b.arm;
      const Vec3 d = (a.centre + arm_a) - (b.centre + arm_b);
      const double length = norm(d);
      if (length < 1e-6) continue;
      const double excess = length - link.length;
      if (link.is_bond) largest = std::max(largest, std::abs(excess));
      if (std::abs(excess) < 1e-4) continue;
      const Vec3 direction = (1 / length) * d;
      const Vec3 torque_a = cross(arm_a, direction), torque_b = cross(arm_b, direction);
      // Inertia is that of the start: residues turn by little.
      const Vec3 spin_a = a.inverse_inertia * torque_a, spin_b = b.inverse_inertia * torque_b;
      const double give = a.inverse_mass + dot(torque_a, spin_a) + b.inverse_mass + dot(torque_b, spin_b);
      // Compliance makes weak restraints give way to strong ones, and they insist less and less.
      const double step = -excess * (link.is_bond ? 1.0 : weak) / (give + link.compliance);
      a.centre += (step * a.inverse_mass) * direction;
      b.centre += (-step * b.inverse_mass) * direction;
      a.turn_by(step * spin_a);
      b.turn_by(-step * spin_b);
    }
    for (Body& one : body) one.turn = rotation_from_two_vectors(one.turn.column(0), one.turn.column(1));
    if (largest < options.tolerance) break;
  }
  for (int r = 0; r < n; ++r) {
    for (int a = bodies.first_atom[r]; a < bodies.first_atom[r + 1]; ++a) {
      const Vec3 moved = body[r].place(position(a) - body[r].start);
      for (int k = 0; k < 3; ++k) positions[3 * a + k] = static_cast<float>(moved[k]);
    }
  }
  return largest;
}

}  // namespace cryomer
