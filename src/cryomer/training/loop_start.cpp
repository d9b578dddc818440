#include "cryomer/training/loop_start.h"

#include <algorithm>

#include "cryomer/base/log.h"
#include "cryomer/base/progress.h"
#include "cryomer/base/text.h"
#include "cryomer/training/candidate_refinement.h"

namespace cryomer {

namespace {

constexpr int64_t kFewest = 100;  // images
// How images are explained by the softest motions before loops are judged.
constexpr int64_t kBentImages = 512, kBendSteps = 40;
constexpr double kBendRate = 0.1;

struct BentImages {
  std::vector<ParticleBatch> batches;  // at the poses that the bent structure is seen at
  std::vector<Tensor> conformations;   // of each batch, [images, atoms, 3] A
};

BentImages bend(const Autoencoder& model, const std::vector<ParticleBatch>& batches, int64_t most, const Tensor& pose_deviation, Random random) {
  BentImages result;
  int64_t images = 0;
  Progress progress("bending the structure to images", most, "images");
  for (const ParticleBatch& batch : batches) {
    if (images >= most) break;
    ParticleBatch some = batch.first(std::min(batch.size(), most - images));
    images += some.size();
    const DiagonalGaussian start{at::zeros({some.size(), model.latent_dim}), at::full({some.size(), model.latent_dim}, 0.3)};
    const RefinedViews bent = refine_views(model, some, start, {kBendSteps, 2, kBendRate}, random, pose_deviation);
    some.rotation = bent.poses.rotation;
    some.shift = bent.poses.shift;
    at::NoGradGuard guard;
    result.conformations.push_back(model.decoder(bent.posterior.mean).to(at::kCPU));
    progress.advance(some.size());
    result.batches.push_back(std::move(some));
  }
  progress.finish();
  return result;
}

}  // namespace

LoopStart find_loops(const Autoencoder& model, const RunSetup& setup, std::vector<ParticleBatch> images, const Tensor& pose_deviation, Random random) {
  LoopStart start{std::move(images), {}};
  int64_t count = 0;
  for (const ParticleBatch& batch : start.images) count += batch.size();
  if (count < kFewest) {
    log_info("Loops are not looked for in {} images; {} are needed", count, kFewest);
    return start;
  }
  log_info("Looking whether the images show loops elsewhere than the structure has them (loop_search.used)");
  const Structure structure = setup.centred();
  const ImageModel projector = model.images.to(at::kCPU);
  auto misplaced_in = [&](const BentImages& bent) {
    return misplaced_loops(structure, shown_residues(ResidualImages(projector, bent.batches, bent.conformations, kLoopAtomWidth), structure));
  };
  MisplacedLoops misplaced = misplaced_in(bend(model, start.images, std::min(count, kBentImages), pose_deviation, random));
  if (pose_deviation.defined() && !misplaced.stretches.empty()) {
    // Poses that were found with the rigid base are better where the base may bend.
    const BentImages bent = bend(model, start.images, count, pose_deviation, random);
    start.images = bent.batches;
    misplaced = misplaced_in(bent);
  }
  for (const std::string& remark : misplaced.remarks) log_info("{}", remark);
  start.loops = search_loops(projector, start.images, structure, misplaced.stretches, setup.config.loop_search, uint64_t(setup.config.seed));
  auto percent = [](double share) { return 100 * std::clamp(share, 0.0, 1.0); };
  for (const FoundLoop& loop : start.loops) {
    log_info("Loop {}: the images show {:.0f} % of it where the structure has it, and {:.0f} % where it starts now: {:.2f} nats an image more",
             stretch_name(structure, loop.stretch), percent(loop.shown_before), percent(loop.shown), loop.gain);
  }
  return start;
}

std::vector<float> with_loops(const RunSetup& setup, const std::vector<FoundLoop>& loops) {
  std::vector<float> positions = setup.structure.coordinates();
  for (const FoundLoop& loop : loops) {
    float* x = positions.data() + 3 * size_t(setup.structure.residues[size_t(loop.stretch.first)].first_atom);
    for (const Vec3& atom : loop.positions) {
      for (int k = 0; k < 3; ++k) *x++ = float(atom[k] + setup.origin[k]);
    }
  }
  return positions;
}

}  // namespace cryomer
