#include "cryomer/training/structure_check.h"

#include <cmath>

#include "cryomer/base/log.h"
#include "cryomer/base/units.h"
#include "cryomer/geometry/rotation.h"
#include "cryomer/training/pose_inference.h"

namespace cryomer {

namespace {

// Deviation of the scales over their mean; a structure that fits has a tenth to a fifth.
constexpr double kHardly = 0.5, kDoubtful = 0.3;

constexpr int64_t kLookedAt = 256;  // particles

bool is_shown(const ScalePrior& scale, size_t group, double most) { return scale.deviation[group] <= most * std::abs(scale.mean[group]); }

bool any_shown(const ScalePrior& scale, double most) {
  for (size_t g = 0; g < scale.mean.size(); ++g) {
    if (is_shown(scale, g, most)) return true;
  }
  return false;
}

std::vector<ParticleBatch> some_of(const ParticleLoader& loader, const TrainingConfig& config) {
  return loader.load_some(all_particles(loader.stack()), kLookedAt, uint64_t(config.seed));
}

}  // namespace

Placement find_placement(const ImageModel& images, const ParticleLoader& loader, const Tensor& positions, const TrainingConfig& config) {
  return find_placement(images, some_of(loader, config), positions, pose_grid(config.pose_search));
}

std::string placement_text(const Placement& placement) {
  return formatted("turned by {:.1f} degrees and moved by {:.1f} A", degrees(norm(vector_from_rotation(placement.transform.rotation))),
                   norm(placement.transform.translation));
}

void check_structure_is_placed(const ImageModel& images, const ParticleLoader& loader, const Tensor& positions, const TrainingConfig& config) {
  for (const double deviation : images.scale.deviation) {
    if (!std::isfinite(deviation)) return;
  }
  const bool shown = any_shown(images.scale, kDoubtful);
  if (shown && placement_nearby(images, some_of(loader, config), positions, pose_grid(config.pose_search)).in_place()) return;
  log_info("The images do not show the structure quite where the poses of the file have it: looking where they do");
  const Placement placement = find_placement(images, loader, positions, config);
  const std::string whose = formatted("poses that were searched for without those of the file say so for {:.0f} % of {} particles", 100 * placement.share(),
                                      placement.particles);
  if (!placement.agreed()) {
    if (shown) return;
    log_warning("{}: the images hardly show it at the poses of the file, and agree on no other place for it: of {} particles, searched without these poses, the "
                "most that agree are {:.0f} %, where chance alone has 2", config.data.structure, placement.particles, 100 * placement.share());
    return;
  }
  if (placement.in_place()) {
    log_info("It stands where the poses say; {}", whose);
    return;
  }
  const std::string text =
      placement.mirrored
          ? formatted("{}: the poses are of the other hand than the structure; {}. If the map was flipped, negate the column _rlnAngleTilt, or flip the map "
                      "and refine again, and then place the structure with `cryomer place`; or train with --poses infer",
                      config.data.particles, whose)
          : formatted("{}: it does not stand where the poses of {} say: by them it is {}; {}. Place it with `cryomer place {} --structure {} --out placed.pdb` and "
                      "train with placed.pdb, or train with --poses infer, which needs neither",
                      config.data.structure, config.data.particles, placement_text(placement), whose, config.data.particles, config.data.structure);
  if (!shown) fail("{}", text);
  log_warning("{}", text);
}

void say_contrast(const ImageModel& images, const ParticleStack& stack) {
  for (size_t g = 0; g < images.scale.mean.size(); ++g) {
    const std::string& name = stack.optics_groups()[g].name;
    const double mean = images.scale.mean[g], deviation = images.scale.deviation[g];
    if (!std::isfinite(mean) || !std::isfinite(deviation)) {
      fail("{}: the structure shows in no image of optics group '{}': wrong poses or origins, another pixel size, or pixels far out of range", stack.path(),
           name);
    }
    if (!is_shown(images.scale, g, kHardly)) {
      log_warning("The structure hardly explains the images of optics group '{}' (scale {:.2g} +- {:.2g}, where it should be far from zero): another "
                  "molecule, wrong poses, a defocus in other units than A, Cs in other units than mm, or another pixel size",
                  name, mean, deviation);
    }
    log_info("Contrast of optics group '{}': protein is {}; scale {:.4g} +- {:.2g} between images", name,
             mean < 0 ? "dark (images are read with inverted sign)" : "bright", mean, deviation);
  }
}

}  // namespace cryomer
