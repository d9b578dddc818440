// Which table of a RELION particle file holds the particles, and the poses that stand in it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cryomer/geometry/pose.h"
#include "cryomer/io/star.h"

namespace cryomer {

// The column that says where a particle's image is: 000001@stack.mrcs.
inline constexpr const char* kImageName = "rlnImageName";

// Index into star.tables. Fails, with what there is, when no table has images or several may be meant. `source` is for messages.
int find_particle_table(const StarFile& star, const std::string& source);

// Fails when the rows stand for tilt series or volumes.
void refuse_tomography(const StarFile& star, const StarTable& particles);

// The columns of Euler angles that the table lacks, such as "_rlnAngleRot"; empty when there are poses.
std::vector<std::string> missing_angles(const StarTable& particles);

// One pose for each row, of a table that has all angles; shifts that it lacks are zero. pixel_size(row), A, is asked where shifts
// are in pixels only (rlnOriginX).
std::vector<Pose> read_poses(const StarTable& particles, const std::function<double(int64_t)>& pixel_size);

// The file with poses written into it (rlnAngleRot/Tilt/Psi in degrees, rlnOriginXAngst/YAngst in A), one
// pose per row of the particle table. All other columns are kept, but rlnOriginX/Y (pixels) go, since they
// would contradict.
StarFile with_poses(StarFile star, const std::vector<Pose>& poses);

}  // namespace cryomer
