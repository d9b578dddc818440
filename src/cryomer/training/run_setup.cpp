#include "cryomer/training/run_setup.h"

#include <algorithm>
#include <filesystem>
#include <limits>

#include "cryomer/base/log.h"
#include "cryomer/base/text.h"
#include "cryomer/data/particle_loader.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/protein/atom_blobs.h"
#include "cryomer/training/checkpoint.h"

namespace cryomer {

Structure RunSetup::centred() const {
  Structure moved = structure;
  for (Atom& atom : moved.atoms) atom.position = atom.position - origin;
  return moved;
}

double smallest_pixel_size(const ParticleStack& stack) {
  double smallest = std::numeric_limits<double>::infinity();
  for (const OpticsGroup& group : stack.optics_groups()) smallest = std::min(smallest, group.pixel_size);
  return smallest;
}

ParticleStackOptions particle_options(const TrainingConfig& config, const std::string& data_dir) {
  ParticleStackOptions options;
  options.data_dir = data_dir.empty() ? config.data.data_dir : data_dir;
  options.pixel_size = config.data.pixel_size;
  options.require_poses = config.data.poses != "infer";
  options.half = int(config.data.half);
  return options;
}

namespace {

struct FrameCandidate {
  std::string name, meaning;
  Vec3 origin;
};

// How much of the images the structure explains at their poses when it stands with `origin` at the centre of rotation.
double explained(const TrainingConfig& config, const Structure& structure, const ParticleStack& stack,
                 const std::vector<ParticleBatch>& particles, Vec3 origin) {
  at::NoGradGuard guard;
  Structure moved = structure;
  for (Atom& atom : moved.atoms) atom.position = atom.position - origin;
  ImageModel images(unit_blobs(structure, config.model.atom_width), stack.box(), 1.0);
  const Tensor positions = tensor_from(moved.coordinates(), {1, structure.atom_count(), 3});
  calibrate(images, particles, positions);
  double total = 0;
  for (const ParticleBatch& batch : particles) {
    const ViewIndex views{at::zeros({batch.size()}, at::kLong), at::arange(batch.size(), at::kLong)};
    const ImageLikelihoodOutput found =
        images.log_likelihood(positions, batch.rotation, batch.shift, views, images.observe(batch));
    const std::vector<float> overlap = to_floats(found.overlap);
    // The scale may have either sign, but images of a group must agree on it.
    for (int64_t i = 0; i < batch.size(); ++i) total += images.scale.mean[batch.optics_group[i]] < 0 ? -overlap[i] : overlap[i];
  }
  return total;
}

}  // namespace

Vec3 find_origin(const TrainingConfig& config, const Structure& structure, const ParticleStack& stack) {
  const double half_box = 0.5 * stack.box() * smallest_pixel_size(stack);
  const Vec3 centroid = structure.centroid();
  const std::vector<FrameCandidate> candidates = {
      {"centroid", "its centroid at the centre of the box", centroid},
      {"origin", "its own origin at the centre of the box", {}},
      {"box", "its own origin at the corner of the box", {half_box, half_box, half_box}}};
  for (const FrameCandidate& candidate : candidates) {
    if (config.data.frame == candidate.name) return candidate.origin;
  }
  // Without poses the search finds where the structure is: any frame will do.
  if (config.data.poses == "infer") return centroid;
  const ParticleLoader loader(stack);
  const std::vector<ParticleBatch> particles =
      loader.load_some(all_particles(stack), std::min<int64_t>(512, config.data.calibration_particles), uint64_t(config.seed));
  double best = -std::numeric_limits<double>::infinity();
  const FrameCandidate* chosen = nullptr;
  for (const FrameCandidate& candidate : candidates) {
    // A structure that is not in the box at all cannot be meant.
    if (norm(centroid - candidate.origin) > half_box) continue;
    const double value = explained(config, structure, stack, particles, candidate.origin);
    log_debug("structure with {}: overlap {:.1f}", candidate.meaning, value);
    if (value > best) {
      best = value;
      chosen = &candidate;
    }
  }
  if (chosen == nullptr) {
    fail("{}: the structure explains the images at no place that can be computed with; look at the images' pixels, their poses and {}", stack.path(),
         structure.source);
  }
  log_info("Frame: the structure stands with {} (of three ways the one that explains the images best)", chosen->meaning);
  return chosen->origin;
}

std::vector<std::string> optics_group_names(const ParticleStack& stack) {
  std::vector<std::string> names;
  for (const OpticsGroup& group : stack.optics_groups()) names.push_back(group.name);
  return names;
}

namespace {

// Names of stretches of residues that have other coordinates.
std::vector<std::string> moved_stretches(const Structure& before, const Structure& after) {
  auto moved = [&](int r) {
    const Residue& residue = before.residues[r];
    for (int a = residue.first_atom; a < residue.first_atom + residue.atom_count; ++a) {
      if (norm(after.atoms[a].position - before.atoms[a].position) > 1e-3) return true;
    }
    return false;
  };
  std::vector<std::string> names;
  for (const Stretch& stretch : stretches_of(before, moved)) names.push_back(stretch_name(before, stretch));
  return names;
}

}  // namespace

void InferenceConfig::visit(ConfigVisitor& v) {
  v.field("likelihood_power", likelihood_power, "of posteriors, beside the prior");
}

TrainedModel load_trained_model(const RunDirectory& directory) {
  if (!std::filesystem::exists(directory.checkpoint())) {
    if (std::filesystem::exists(directory.first_search())) {
      fail("{}: no checkpoint.safetensors yet, the run was stopped before it learned anything; go on with `cryomer train --resume`", directory.path);
    }
    const RunDirectory first_of_several{directory.path + "/seed_1"};
    fail("{}: no checkpoint.safetensors in this folder; expected the --out folder of `cryomer train`{}", directory.path,
         std::filesystem::exists(first_of_several.checkpoint()) ? ", or one of the runs in it, such as " + first_of_several.path : "");
  }
  const std::string source = directory.checkpoint();
  NamedTensors checkpoint = read_safetensors(source);
  const auto config = checkpoint.metadata.find("config");
  if (config == checkpoint.metadata.end()) fail("{}: not a checkpoint of cryomer train", source);
  TrainedModel trained;
  config_from_json(trained.setup.config, config->second, source);
  trained.setup.structure = read_structure(directory.structure(trained.setup.config.data.structure));
  const Structure as_given = trained.setup.structure;
  if (restore_structure(trained.setup.structure, checkpoint, source)) {
    trained.moved_loops = moved_stretches(as_given, trained.setup.structure);
    log_info("Loops that training found elsewhere than {} has them: {}", as_given.source, join(trained.moved_loops, ", "));
  }
  trained.setup.origin = restore_origin(checkpoint, source);
  trained.smallest_pixel_size = restore_scalar(checkpoint, "data/smallest_pixel_size", source);
  trained.model = std::make_unique<Autoencoder>(
      trained.setup.config.model, trained.setup.centred(), int64_t(restore_scalar(checkpoint, "data/box", source)),
      trained.smallest_pixel_size, uint64_t(trained.setup.config.seed));
  if (const Tensor& modes = trained.model->decoder.mode_basis(); modes.defined() && checkpoint.tensors.count("decoder/mode_basis") == 0) {
    log_warning("{}: an earlier version of Cryomer wrote it and did not keep the decoder's normal modes; they are computed again, and where the sign of "
                "one differs from what it was in training, structures are wrong. Train again to be sure",
                source);
    checkpoint.tensors["decoder/mode_basis"] = modes.clone();
  }
  restore_model(*trained.model, checkpoint, source);
  if (trained.model->widths.learned()) {
    const std::vector<float> b = to_floats(trained.model->widths.b_factors());
    for (size_t a = 0; a < b.size(); ++a) trained.setup.structure.atoms[a].b_factor = b[a];
  }
  if (std::filesystem::exists(directory.inference())) {
    config_from_json(trained.inference, read_file(directory.inference()), directory.inference());
    if (!(trained.inference.likelihood_power > 0)) fail("{}: likelihood_power is {}, expected a number above zero", directory.inference(), trained.inference.likelihood_power);
  }
  const auto groups = checkpoint.metadata.find("optics_groups");
  if (groups != checkpoint.metadata.end()) trained.optics_groups = split(groups->second, '\n');
  const auto ended = checkpoint.metadata.find("ended");
  trained.ended = ended == checkpoint.metadata.end() || ended->second == "yes";
  const auto fingerprint = checkpoint.metadata.find("particles");
  if (fingerprint != checkpoint.metadata.end()) trained.particles_fingerprint = fingerprint->second;
  const auto particles = int64_t(restore_scalar(checkpoint, "data/particles", source));
  const bool candidates = trained.poses_were_inferred() && !trained.model->pose_network;
  if (candidates) restore_poses(trained.poses, particles, trained.setup.config.pose_search.candidates, checkpoint, source);
  restore_posteriors(trained.latents, particles * (candidates ? trained.poses.slots() : 1), trained.model->latent_dim, checkpoint, source);
  return trained;
}

}  // namespace cryomer
