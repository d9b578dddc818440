#include "cryomer/training/pose_inference.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/log.h"
#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"
#include "cryomer/base/units.h"
#include "cryomer/pose_search/pose_finder.h"
#include "cryomer/training/candidate_refinement.h"

namespace cryomer {

namespace {

constexpr int64_t kBlock = 256;        // particles searched at a time
constexpr int64_t kStructures = 12;    // of the model, in a later search
constexpr int64_t kNewSteps = 12;      // that improve a new candidate's latents and pose before it competes
constexpr double kHopeless = 20;       // nats below the best bound of a particle, for a new candidate with another's structure
constexpr double kFewChanged = 0.005;  // share of a later search's trial with another best pose, below which the others keep theirs
constexpr int64_t kNoiseImages = 128;  // that show what a search finds where there is nothing
constexpr int64_t kSearchedTwice = 256;  // particles that show whether poses come from the structure or from noise
constexpr double kFoundAgain = 0.08;  // docs/experiments.md: at most 0.07 of them with another molecule or pixel size, 0.11 with the right one at SNR 0.02

// The base and the ends of its softest modes, as the untrained decoder makes them: [structures, atoms, 3].
Tensor softest_motions(const Autoencoder& model, const DecoderConfig& decoder) {
  std::vector<Tensor> latents = {at::zeros({model.latent_dim})};
  const int64_t driven = decoder.modes > 0 ? std::min({decoder.start_modes, decoder.modes, model.latent_dim}) : 0;
  for (int64_t m = 0; m < driven; ++m) {
    for (const double amplitude : m == 0 ? std::vector<double>{-2, -1, 1, 2} : std::vector<double>{-1, 1}) {
      latents.push_back(at::zeros({model.latent_dim}));
      latents.back()[m] = amplitude;
    }
  }
  return model.decoder(at::stack(latents)).contiguous();
}

std::vector<PoseCandidate> starts_around(const Pose& pose, int conformations) {
  std::vector<PoseCandidate> starts;
  for (int c = 0; c < conformations; ++c) starts.push_back({c, pose, 0});
  return starts;
}

// Some poses a few degrees and A from a given one, which the climb brings back to its peak or to a better one.
std::vector<PoseCandidate> spread_around(const Pose& pose, int count, Random random) {
  std::vector<PoseCandidate> starts;
  for (int i = 0; i < count; ++i) {
    PoseCandidate start{0, pose, 0};
    const double spread = radians(8);
    start.pose.rotation = rotation_from_vector({spread * random.normal(), spread * random.normal(), spread * random.normal()}) * pose.rotation;
    start.pose.shift_x += 1.5 * random.normal();
    start.pose.shift_y += 1.5 * random.normal();
    starts.push_back(start);
  }
  return starts;
}

void for_each_block(const ParticleLoader& loader, const std::vector<int64_t>& particles, const std::string& label,
                    const std::function<void(const ParticleBatch&)>& body) {
  const auto count = int64_t(particles.size());
  if (count == 0) return;
  Progress progress(label, count, "particles");
  for (int64_t first = 0; first < count; first += kBlock) {
    const int64_t last = std::min(first + kBlock, count);
    body(loader.load({particles.begin() + first, particles.begin() + last}));
    if (stop_requested()) throw Interrupted("stopped while searching poses");
    progress.advance(last - first);
  }
  progress.finish();
}

struct MeanAndError {
  double mean = 0, error = 0;
};

MeanAndError summary(const std::vector<double>& values) {
  double sum = 0, square = 0;
  for (const double v : values) {
    sum += v;
    square += v * v;
  }
  const double n = double(std::max<size_t>(1, values.size())), mean = sum / n;
  return {mean, std::sqrt(std::max(0.0, square / n - mean * mean) / n)};
}

// What the search makes of images that hold noise alone.
MeanAndError found_in_noise(const Autoencoder& model, const ParticleLoader& loader, const PoseGrid& grid, const Tensor& conformations, uint64_t seed) {
  std::vector<double> values;
  PoseFinder finder(model.images, conformations, grid);
  for (ParticleBatch& batch : loader.load_some(all_particles(loader.stack()), kNoiseImages, seed)) {
    batch.images = model.images.noise_images(batch, Random(seed, 0x4015e));
    for (const auto& candidates : finder.find(batch, 4, 1)) {
      if (!candidates.empty()) values.push_back(candidates.front().log_likelihood);
    }
  }
  return summary(values);
}

void say_whether_found_again(PoseFinder& finder, const ParticleLoader& loader, const PoseSearchConfig& search, uint64_t seed) {
  const std::vector<ParticleBatch> some = loader.load_some(all_particles(loader.stack()), kSearchedTwice, seed);
  const double share = finder.found_again(some, int(search.climb), Random(seed, 0x2a9a1));
  log_info("Poses: with other noise on top, the same pose is found for {:.0f} % of the particles", 100 * share);
  if (share >= kFoundAgain) return;
  log_warning("Poses follow the noise rather than the structure: searched with other noise, {:.0f} % of the particles have the same pose again. Either the "
              "structure is not what the images show (another molecule, a pixel size other than {:.4g} A, a wrong CTF), or they are too noisy for poses to "
              "be found. Look before you trust what is learned: `cryomer project` shows how images of the structure would look",
              100 * share, loader.stack().optics_groups().front().pixel_size);
}

}  // namespace

PoseGrid pose_grid(const PoseSearchConfig& config) {
  return {config.rotation_step, config.resolution, config.shift_range, config.shift_step};
}

Tensor learned_structures(const Autoencoder& model, uint64_t seed) {
  const int64_t components = std::min(model.prior.components(), kStructures);
  const Tensor draws = model.prior.sample(kStructures - components, seed);
  return model.decoder(at::cat({model.prior.mean.slice(0, 0, components), draws})).contiguous();
}

void first_candidates(Autoencoder& model, const ParticleLoader& loader, const TrainingConfig& config, PoseTable& poses, FirstSearch& search,
                      const std::function<void()>& further) {
  at::NoGradGuard guard;
  const PoseSearchConfig& c = config.pose_search;
  const bool from_file = config.data.poses == "refine";
  const PoseGrid grid = pose_grid(c);
  const Tensor conformations = softest_motions(model, config.model.decoder);
  const int64_t count = loader.stack().size();
  if (search.searched == 0) search.found = PoseTable(count, c.candidates);
  PoseFinder finder(model.images, conformations, grid);
  const std::vector<int64_t> all = all_particles(loader.stack());
  const std::string label = formatted("{} {}poses", from_file ? "refining" : "searching", search.searched > 0 ? "the remaining " : "");
  for_each_block(loader, {all.begin() + search.searched, all.end()}, label, [&](const ParticleBatch& batch) {
    std::vector<std::vector<PoseCandidate>> candidates;
    if (from_file) {
      std::vector<std::vector<PoseCandidate>> starts;
      for (const int64_t particle : batch.particle) {
        const Pose pose = poses.pose(particle, 0);
        starts.push_back(starts_around(pose, int(conformations.size(0))));
        const auto spread = spread_around(pose, int(c.climb), Random(uint64_t(config.seed), 0x5b12).substream(uint64_t(particle)));
        starts.back().insert(starts.back().end(), spread.begin(), spread.end());
      }
      candidates = finder.climb(batch, starts, int(c.candidates));
    } else {
      candidates = finder.find(batch, int(c.climb), int(c.candidates));
    }
    for (int64_t i = 0; i < batch.size(); ++i) {
      for (size_t s = 0; s < candidates[i].size(); ++s) {
        search.found.put(batch.particle[i], int64_t(s), candidates[i][s].pose, candidates[i][s].log_likelihood);
      }
    }
    search.searched += batch.size();
    further();
  });
  poses = search.found;
  search.found = {};
  std::vector<double> best;
  for (int64_t particle = 0; particle < count; ++particle) best.push_back(poses.bound_of(particle, poses.best_slot(particle)));
  const MeanAndError data = summary(best), noise = found_in_noise(model, loader, grid, conformations, uint64_t(config.seed));
  log_info("Poses: the best of each particle explains {:.1f} nats; in images of noise alone the search finds {:.1f}", data.mean, noise.mean);
  if (data.mean < noise.mean + 4 * std::hypot(data.error, noise.error)) {
    fail("{}: the structure explains the images no better than it explains noise ({:.1f} and {:.1f} nats an image at the best poses): "
         "it is another molecule, the pixel size or the CTF is wrong, or the particles are not centred within {} A "
         "(--set pose_search.shift_range=...)",
         config.data.particles, data.mean, noise.mean, c.shift_range);
  }
  if (!from_file) say_whether_found_again(finder, loader, c, uint64_t(config.seed));
  // At the best poses the residuals show the noise, and the images their scale.
  std::vector<ParticleBatch> some =
      loader.load_some(all_particles(loader.stack()), config.data.calibration_particles, uint64_t(config.seed));
  for (ParticleBatch& batch : some) {
    for (int64_t i = 0; i < batch.size(); ++i) batch.poses().put(i, poses.pose(batch.particle[i], 0));
  }
  calibrate(model.images, some, model.base_positions);
  poses.deviation = pose_deviations(model.images, some, model.base_positions.unsqueeze(0));
  const std::vector<float> d = to_floats(poses.deviation);
  log_info("Poses: with the base structure an image holds them to {:.2f} A of turn ({:.1f} degrees) and {:.2f} A of shift", (d[0] + d[1] + d[2]) / 3,
           degrees((d[0] + d[1] + d[2]) / 3 / molecule_radius(model.base_positions.unsqueeze(0))), (d[3] + d[4]) / 2);
}

SearchOutcome search_again(const Autoencoder& model, const ParticleLoader& loader, const TrainingConfig& config, PoseTable& poses,
                           PosteriorTable& latents, const Random& random) {
  at::NoGradGuard guard;
  const PoseSearchConfig& c = config.pose_search;
  const PoseGrid grid = pose_grid(c);
  const int64_t slots = poses.slots();
  const Tensor conformations = learned_structures(model, uint64_t(config.seed));
  PoseFinder finder(model.images, conformations, grid);
  int64_t proposed = 0, changed = 0;
  const auto search = [&](const ParticleBatch& batch) {
    std::vector<std::vector<PoseCandidate>> found;
    if (config.data.poses == "refine") {
      std::vector<std::vector<PoseCandidate>> starts;
      for (const int64_t particle : batch.particle) {
        starts.push_back(starts_around(poses.pose(particle, poses.best_slot(particle)), int(conformations.size(0))));
      }
      found = finder.climb(batch, starts, int(slots));
    } else {
      found = finder.find(batch, int(c.climb), int(slots));
    }
    // What is not known yet.
    std::vector<int64_t> image;
    std::vector<Pose> fresh;
    for (int64_t i = 0; i < batch.size(); ++i) {
      const std::vector<double> weight = poses.weights(batch.particle[i], 1.0);
      for (const PoseCandidate& candidate : found[i]) {
        // With latents of its own it may gain, but not so much.
        bool known = candidate.log_likelihood < poses.bound_of(batch.particle[i], poses.best_slot(batch.particle[i])) - kHopeless;
        for (int64_t s = 0; s < slots; ++s) {
          known |= weight[s] > 0 && near_each_other(poses.pose(batch.particle[i], s), candidate.pose, 0.5 * radians(c.rotation_step), c.shift_step);
        }
        if (known) continue;
        image.push_back(i);
        fresh.push_back(candidate.pose);
      }
    }
    if (image.empty()) return;
    proposed += int64_t(image.size());
    const auto views = int64_t(image.size());
    ParticleBatch seen;
    seen.images = batch.images.index_select(0, tensor_from(image));
    seen = seen.with_poses(Poses::of(fresh));
    for (int64_t v = 0; v < views; ++v) {
      seen.optics.push_back(batch.optics[image[v]]);
      seen.optics_group.push_back(batch.optics_group[image[v]]);
      seen.particle.push_back(batch.particle[image[v]]);
    }
    Refinement refinement;
    refinement.steps = kNewSteps;
    const RefinedViews refined = refine_views(model, seen, model.encode(seen), refinement, random, poses.deviation);
    // Old and new ones by their bounds; the worst go.
    std::vector<int64_t> placed_row, placed_view;
    for (int64_t i = 0, v = 0; i < batch.size(); ++i) {
      const int64_t particle = batch.particle[i], old_best = poses.best_slot(particle);
      bool another = false;
      for (; v < views && image[v] == i; ++v) {
        const double bound = refined.bound.data_ptr<float>()[v];
        int64_t worst = 0;
        for (int64_t s = 1; s < slots; ++s) {
          if (poses.bound_of(particle, s) < poses.bound_of(particle, worst)) worst = s;
        }
        if (!(bound > poses.bound_of(particle, worst))) continue;
        another |= bound > poses.bound_of(particle, poses.best_slot(particle));
        poses.put(particle, worst, refined.poses.at(v), bound);
        placed_row.push_back(particle * slots + worst);
        placed_view.push_back(v);
      }
      changed += another || poses.best_slot(particle) != old_best;
    }
    if (latents.size() == 0 || placed_row.empty()) return;
    // A slot that was filled twice keeps the later one, as the poses do.
    for (size_t k = 0; k < placed_row.size(); ++k) {
      const int64_t v = placed_view[k];
      latents.assign(tensor_from(std::vector<int64_t>{placed_row[k]}),
                     {refined.posterior.mean.slice(0, v, v + 1), refined.posterior.deviation.slice(0, v, v + 1)});
    }
  };
  const int64_t count = loader.stack().size();
  std::vector<int64_t> order = Random(uint64_t(config.seed), 0x7e57).permutation(count);
  const auto others = order.begin() + std::min(c.trial, count);
  std::sort(order.begin(), others);
  std::sort(others, order.end());
  SearchOutcome outcome;
  const auto go_over = [&](std::vector<int64_t> particles, const std::string& label) {
    for_each_block(loader, particles, label, search);
    outcome.searched += int64_t(particles.size());
    outcome.changed = double(changed) / double(outcome.searched);
    outcome.proposed = double(proposed) / double(outcome.searched);
  };
  go_over({order.begin(), others}, "searching poses of some particles with learned structures");
  if (others != order.end() && outcome.changed >= kFewChanged) go_over({others, order.end()}, "searching poses of the others");
  return outcome;
}

}  // namespace cryomer
