#include "cryomer/inference/structure_frame.h"

#include "cryomer/inference/sampling.h"

namespace cryomer {

void StructureFrame::place(float* positions, int64_t atoms) const {
  for (int64_t a = 0; a < atoms; ++a) {
    float* const x = positions + 3 * a;
    const Vec3 moved = transform_.apply(Vec3{x[0], x[1], x[2]} - origin_) + origin_;
    x[0] = static_cast<float>(moved.x);
    x[1] = static_cast<float>(moved.y);
    x[2] = static_cast<float>(moved.z);
  }
}

Pose StructureFrame::pose(const Pose& pose) const {
  const RigidTransform back = inverse(transform_);
  const Vec3 shift = pose.rotation * back.translation;
  return {pose.rotation * back.rotation, pose.shift_x + shift.x, pose.shift_y + shift.y};
}

std::vector<StructureFrame> frames_on_base(const TrainedModel& trained, const Tensor& latents) {
  const Structure& base = trained.setup.structure;
  std::vector<size_t> anchors;
  for (size_t a = 0; a < base.atoms.size(); ++a) {
    if (base.atoms[a].name == "CA") anchors.push_back(a);
  }
  if (anchors.size() < 4) {
    anchors.clear();
    for (size_t a = 0; a < base.atoms.size(); ++a) anchors.push_back(a);
  }
  const std::vector<float> centred = trained.setup.centred().coordinates();
  auto chosen = [&](const float* positions, Vec3 origin) {
    std::vector<float> result;
    for (const size_t a : anchors) {
      result.push_back(positions[3 * a] - float(origin.x));
      result.push_back(positions[3 * a + 1] - float(origin.y));
      result.push_back(positions[3 * a + 2] - float(origin.z));
    }
    return result;
  };
  const std::vector<float> target = chosen(centred.data(), {});
  std::vector<StructureFrame> frames;
  decode_in_blocks(trained, latents, "placing", [&](const Tensor& decoded) {
    for (int64_t i = 0; i < decoded.size(0); ++i) {
      const std::vector<float> mobile = chosen(decoded.data_ptr<float>() + i * decoded.size(1) * 3, trained.setup.origin);
      frames.emplace_back(superpose(mobile.data(), target.data(), anchors.size()).transform, trained.setup.origin);
    }
  });
  return frames;
}

}  // namespace cryomer
