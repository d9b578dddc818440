#include "cryomer/imaging/particle_batch.h"

namespace cryomer {

Poses Poses::of(const std::vector<Pose>& poses) {
  const auto count = int64_t(poses.size());
  const Poses result{at::empty({count, 3, 3}), at::empty({count, 2})};
  for (int64_t row = 0; row < count; ++row) result.put(row, poses[size_t(row)]);
  return result;
}

Pose Poses::at(int64_t row) const {
  Pose pose;
  for (int k = 0; k < 9; ++k) pose.rotation.values[k] = rotation.data_ptr<float>()[9 * row + k];
  pose.shift_x = shift.data_ptr<float>()[2 * row];
  pose.shift_y = shift.data_ptr<float>()[2 * row + 1];
  return pose;
}

void Poses::put(int64_t row, const Pose& pose) const {
  for (int k = 0; k < 9; ++k) rotation.data_ptr<float>()[9 * row + k] = static_cast<float>(pose.rotation.values[k]);
  shift.data_ptr<float>()[2 * row] = static_cast<float>(pose.shift_x);
  shift.data_ptr<float>()[2 * row + 1] = static_cast<float>(pose.shift_y);
}

}  // namespace cryomer
