// Rotations as 3x3 matrices: Euler angles in RELION's convention, the six-number representation of the decoder,
// axis and angle, uniform random rotations, geodesic distance.
#pragma once

#include "cryomer/base/random.h"
#include "cryomer/geometry/vec3.h"

namespace cryomer {

// RELION's rot, tilt, psi in radians (files hold degrees).
struct EulerAngles {
  double rot = 0, tilt = 0, psi = 0;
};

// A = Rz(-psi) Ry(-tilt) Rz(-rot): x_view = A x_reference, the projection drops z. The third row of A is the viewing
// direction in the reference frame.
Mat3 rotation_from_euler(EulerAngles angles);
// The inverse, with tilt in [0, pi]; at the poles rot is zero and psi takes the in-plane angle.
EulerAngles euler_from_rotation(const Mat3& rotation);

// Gram-Schmidt (Rosenbaum et al. 2021, appendix): e1 = v1/|v1|, e2 from v2 without its e1 part, e3 = e1 x e2;
// the matrix has e1, e2, e3 as columns.
Mat3 rotation_from_two_vectors(Vec3 v1, Vec3 v2);

// Rotation by |v| radians about v (Rodrigues), and back with |v| in [0, pi].
Mat3 rotation_from_vector(Vec3 v);
Vec3 vector_from_rotation(const Mat3& rotation);

struct Quaternion {
  double w = 1, x = 0, y = 0, z = 0;
};
Mat3 rotation_from_quaternion(Quaternion q);
Quaternion quaternion_from_rotation(const Mat3& rotation);

// Uniform on SO(3) (Shoemake 1992).
Mat3 random_rotation(Random& random);

// Angle of a^T b in [0, pi].
double rotation_distance(const Mat3& a, const Mat3& b);

// The rotation closest to m in the Frobenius norm.
Mat3 nearest_rotation(const Mat3& m);

}  // namespace cryomer
