#include "cryomer/inference/recovery.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "cryomer/base/log.h"
#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"
#include "cryomer/base/units.h"
#include "cryomer/geometry/rotation.h"
#include "cryomer/inference/held_out_bound.h"
#include "cryomer/inference/mean_with_error.h"
#include "cryomer/inference/structure_frame.h"

namespace cryomer {

namespace {

constexpr int64_t kBlock = 256;        // images at a time
constexpr size_t kFewestHeldOut = 20;  // for a mean with an error

std::vector<Pose> placed_on_base(const TrainedModel& trained, const Tensor& latents, std::vector<Pose> poses) {
  if (!trained.poses_were_inferred()) return poses;
  const std::vector<StructureFrame> frames = frames_on_base(trained, latents);
  for (size_t i = 0; i < poses.size(); ++i) poses[i] = frames[i].pose(poses[i]);
  return poses;
}

// Of the same structures and views, with the same noise, whatever their strength.
class SimulatedImages {
 public:
  SimulatedImages(const TrainedModel& trained, const ParticleStack& stack, int64_t images, uint64_t seed)
      : trained_(trained), stack_(stack), random_(seed, 0x4ec0), anew_(trained, stack, false, Refinement().with_power(1)) {
    const std::vector<int64_t> rows = spread_rows(stack.size(), images);
    drawn_ = trained.model->prior.sample(int64_t(rows.size()), seed);
    ImageInference own(trained, stack, true, {0});
    for_blocks(int64_t(rows.size()), [&](int64_t first, int64_t last) {
      batches_.push_back(own.load({rows.begin() + first, rows.begin() + last}));
      views_.push_back(own.infer(batches_.back()).poses);
    });
  }

  Recovery found_again(double strength) {
    const Autoencoder& model = *trained_.model;
    Recovery result;
    result.strength = strength;
    result.drawn = drawn_;
    std::vector<Tensor> found;
    Progress progress("simulating and finding again", drawn_.size(0), "images");
    for_blocks(drawn_.size(0), [&](int64_t first, int64_t last) {
      const std::vector<Pose>& views = views_[size_t(first / kBlock)];
      ParticleBatch batch = batches_[size_t(first / kBlock)];
      {
        at::NoGradGuard guard;
        const Tensor structures = model.decoder(drawn_.slice(0, first, last));
        batch.images = model.images.simulate(structures, batch.with_poses(Poses::of(views)), random_.substream(uint64_t(first)), strength).to(at::kCPU);
      }
      const Posterior again = anew_.infer(batch);
      found.push_back(again.mean);
      result.bound.insert(result.bound.end(), again.bound.begin(), again.bound.end());
      result.drawn_poses.insert(result.drawn_poses.end(), views.begin(), views.end());
      result.found_poses.insert(result.found_poses.end(), again.poses.begin(), again.poses.end());
      progress.advance(last - first);
    });
    progress.finish();
    result.found = at::cat(found);
    result.drawn_poses = placed_on_base(trained_, result.drawn, result.drawn_poses);
    result.found_poses = placed_on_base(trained_, result.found, result.found_poses);
    return result;
  }

  // Of at most as many particles that the model has not learned from, inferred in the same way.
  std::vector<double> bounds_of_held_out() {
    const std::vector<int64_t> rows = held_out_rows(trained_, stack_, drawn_.size(0));
    if (rows.size() < kFewestHeldOut) return {};
    std::vector<double> bounds;
    Progress progress("inferring particles held out", int64_t(rows.size()), "particles");
    for_blocks(int64_t(rows.size()), [&](int64_t first, int64_t last) {
      const Posterior found = anew_.infer(anew_.load({rows.begin() + first, rows.begin() + last}));
      bounds.insert(bounds.end(), found.bound.begin(), found.bound.end());
      progress.advance(last - first);
    });
    progress.finish();
    return bounds;
  }

 private:
  static void for_blocks(int64_t count, const std::function<void(int64_t, int64_t)>& body) {
    for (int64_t first = 0; first < count; first += kBlock) {
      body(first, std::min(first + kBlock, count));
      if (stop_requested()) throw Interrupted("stopped while finding simulated images again");
    }
  }

  const TrainedModel& trained_;
  const ParticleStack& stack_;
  Random random_;
  ImageInference anew_;
  Tensor drawn_;
  std::vector<ParticleBatch> batches_;  // in blocks
  std::vector<std::vector<Pose>> views_;
};

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
  log_info("Poses: of {} images simulated from what was learned, with these particles' optics and noise, {:.0f} % are found within 10 degrees{}", recovery.images(),
           100 * found, recovery.strength == 1 ? "" : formatted(" (they show {:.2f} times as much of it as the model expects, as particles do that were held out)", recovery.strength));
  if (found >= kEnough) return;
  log_warning("About {:.0f} % of the particles' poses may be right{}. Do not trust single particles, nor the ensemble without a check", 100 * found,
              recovery.strength < 1 ? ", or fewer, for noise was learned" : "");
}

Recovery recover(const TrainedModel& trained, const ParticleStack& stack, int64_t images, uint64_t seed) {
  SimulatedImages simulated(trained, stack, images, seed);
  const std::vector<double> held_out = simulated.bounds_of_held_out();
  Recovery result = simulated.found_again(1);
  if (held_out.empty()) return result;
  constexpr double kErrors = 2.5, kWeakest = 0.2, kStrongest = 2;
  const MeanWithError shown = mean_with_error(held_out), own = mean_with_error(result.bound);
  if (std::abs(own.value - shown.value) < kErrors * std::hypot(own.error, shown.error)) return result;
  // What images gain by a structure goes with its power, but for what is found in noise alone.
  const double nothing = mean_with_error(simulated.found_again(0).bound).value;
  if (own.value <= nothing) return result;  // nothing was learned that images could show more or less of
  const double power = (shown.value - nothing) / (own.value - nothing);
  return simulated.found_again(std::clamp(std::sqrt(std::max(power, 0.0)), kWeakest, kStrongest));
}

}  // namespace cryomer
