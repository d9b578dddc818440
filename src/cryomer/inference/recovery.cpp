#include "cryomer/inference/recovery.h"

#include <algorithm>

#include "cryomer/base/log.h"
#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"
#include "cryomer/base/units.h"
#include "cryomer/geometry/rotation.h"
#include "cryomer/inference/structure_frame.h"

namespace cryomer {

namespace {

constexpr int64_t kBlock = 256;  // images at a time

std::vector<Pose> placed_on_base(const TrainedModel& trained, const Tensor& latents, std::vector<Pose> poses) {
  if (!trained.poses_were_inferred()) return poses;
  const std::vector<StructureFrame> frames = frames_on_base(trained, latents);
  for (size_t i = 0; i < poses.size(); ++i) poses[i] = frames[i].pose(poses[i]);
  return poses;
}

}  // namespace

double Recovery::poses_found(double within_degrees) const {
  int64_t count = 0;
  for (size_t i = 0; i < drawn_poses.size(); ++i) {
    count += rotation_distance(drawn_poses[i].rotation, found_poses[i].rotation) < radians(within_degrees);
  }
  return double(count) / double(drawn_poses.size());
}

void say_how_many_poses_can_be_found(const Recovery& recovery) {
  constexpr double kEnough = 0.9;
  const double found = recovery.poses_found();
  log_info("Poses: of {} images simulated from what was learned, with these particles' optics and noise, {:.0f} % are found within 10 degrees", recovery.images(),
           100 * found);
  if (found >= kEnough) return;
  log_warning("About {:.0f} % of the particles' poses may be right: more where there is more to learn, fewer where noise was learned. Do not trust single "
              "particles, nor the ensemble without a check",
              100 * found);
}

Recovery recover(const TrainedModel& trained, const ParticleStack& stack, int64_t images, uint64_t seed) {
  const Autoencoder& model = *trained.model;
  const Random random(seed, 0x4ec0);
  Recovery result;
  const std::vector<int64_t> rows = spread_rows(stack.size(), images);
  result.drawn = model.prior.sample(int64_t(rows.size()), seed);
  ImageInference own(trained, stack, true, {0}), anew(trained, stack, false);
  std::vector<Tensor> found;
  Progress progress("simulating and finding again", int64_t(rows.size()), "images");
  for (int64_t first = 0; first < int64_t(rows.size()); first += kBlock) {
    const int64_t last = std::min(first + kBlock, int64_t(rows.size()));
    ParticleBatch batch = own.load({rows.begin() + first, rows.begin() + last});
    const std::vector<Pose> views = own.infer(batch).poses;
    {
      at::NoGradGuard guard;
      const Tensor structures = model.decoder(result.drawn.slice(0, first, last));
      batch.images = model.images.simulate(structures, batch.with_poses(Poses::of(views)), random.substream(uint64_t(first))).to(at::kCPU);
    }
    const Posterior again = anew.infer(batch);
    found.push_back(again.mean);
    result.drawn_poses.insert(result.drawn_poses.end(), views.begin(), views.end());
    result.found_poses.insert(result.found_poses.end(), again.poses.begin(), again.poses.end());
    if (stop_requested()) throw Interrupted("stopped while finding simulated images again");
    progress.advance(batch.size());
  }
  progress.finish();
  result.found = at::cat(found);
  result.drawn_poses = placed_on_base(trained, result.drawn, result.drawn_poses);
  result.found_poses = placed_on_base(trained, result.found, result.found_poses);
  return result;
}

}  // namespace cryomer
