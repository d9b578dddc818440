// How far estimated poses are from the true ones.
//
// The error of a rotation is the geodesic angle between the two given matrices. Without alignment that is the
// right figure when the base structure fixes the frame of both: the truth's poses must then refer to states
// that lie in the base's frame. Poses inferred without a frame of reference are only known up to one rotation
// and one translation of the model, x_estimated = Q x_true + t; the aligned figures are after the best such Q
// and t over all particles.
#pragma once

#include <vector>

#include "cryomer/geometry/pose.h"

namespace cryomer {

struct PoseErrorFigures {
  double median_deg = 0;
  double within_10deg = 0;    // fraction
  double shift_median_A = 0;  // length of the in-plane difference
};

struct PoseErrors {
  PoseErrorFigures direct, aligned;
  Mat3 frame_rotation;     // Q
  Vec3 frame_translation;  // t, A
};

// Fails unless there is one true pose for each estimated one.
PoseErrors pose_errors(const std::vector<Pose>& estimated, const std::vector<Pose>& truth);

// The rotation Q that makes estimated * Q agree best with truth: the average quaternion (Markley et al. 2007)
// of estimated^T * truth, then reweighted towards the least mean error, so that wrong poses do not pull it
// along.
Mat3 best_frame_rotation(const std::vector<Pose>& estimated, const std::vector<Pose>& truth);

}  // namespace cryomer
