// A small system to train on: a helix that bends, seen in a few hundred images of 24 pixels, and the smallest of models.
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>

#include "cryomer/base/log.h"
#include "cryomer/base/random.h"
#include "cryomer/data/particle_stack.h"
#include "cryomer/imaging/image_model.h"
#include "cryomer/io/structure_file.h"
#include "cryomer/protein/atom_blobs.h"
#include "cryomer/protein/normal_modes.h"
#include "cryomer/protein/rigid_residues.h"
#include "cryomer/training/trainer.h"
#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer::testing {

inline constexpr int kBox = 24;
inline constexpr double kPixelSize = 2.0;

// particles.star with poses and CTF, particles.mrcs and base.pdb in a fresh folder. The base stands away from the file's origin;
// the images see it with its centroid at the centre, or `shown` in its place.
inline std::string small_data(int particles = 300, Structure s = polyalanine(16), const Structure* shown = nullptr) {
  const std::string folder = scratch_folder();
  const Vec3 centre = s.centroid();
  Structure base = s;
  for (Atom& atom : base.atoms) atom.position += {30, -10, 5};
  write_structure(folder + "/base.pdb", base);
  if (shown != nullptr) s = *shown;
  for (Atom& atom : s.atoms) atom.position = atom.position - centre;
  Random random(17);
  const NormalModes modes = normal_modes(s, 1);
  Tensor amplitude = at::empty({particles, 1, 1});
  ParticleBatch batch;
  batch.rotation = at::empty({particles, 3, 3});
  batch.shift = at::zeros({particles, 2});
  std::vector<Pose> poses;
  StarTable optics, table;
  optics.name = "optics";
  for (const char* c : {"rlnOpticsGroup", "rlnVoltage", "rlnSphericalAberration", "rlnAmplitudeContrast", "rlnImagePixelSize"}) optics.add_column(c);
  optics.add_row({"1", "300", "2.7", "0.1", "2.0"});
  table.name = "particles";
  for (const char* c : {"rlnImageName", "rlnOpticsGroup", "rlnDefocusU"}) table.add_column(c);
  for (int i = 0; i < particles; ++i) {
    amplitude.data_ptr<float>()[i] = float(3 * random.normal());
    Pose pose;
    pose.rotation = random_rotation(random);
    batch.poses().put(i, pose);
    poses.push_back(pose);
    ParticleOptics p;
    p.optics.pixel_size = kPixelSize;
    p.ctf.defocus_u = p.ctf.defocus_v = 8000;
    batch.optics.push_back(p);
    batch.optics_group.push_back(0);
    table.add_row({std::to_string(i + 1) + "@particles.mrcs", "1", "8000"});
  }
  batch.images = at::zeros({particles, kBox, kBox});
  const ImageModel model(unit_blobs(s, 1.5), kBox, 1.0);
  const Tensor positions = place_atoms(rigid_residues(s), Movement::twist, (amplitude * modes.twists()).contiguous());
  const Tensor clean = model.predict(positions, batch, at::ones({particles}));
  Tensor noise = at::empty(clean.sizes());
  random.fill_normal(noise.data_ptr<float>(), size_t(noise.numel()));
  const Tensor images = (clean / (clean.std() / 0.5) + noise).contiguous();
  MrcStackWriter stack(folder + "/particles.mrcs", kBox, kBox, kPixelSize);
  for (int i = 0; i < particles; ++i) stack.write_section(images.data_ptr<float>() + int64_t{i} * kBox * kBox);
  stack.commit();
  StarFile star;
  star.tables = {optics, table};
  write_star(folder + "/particles.star", with_poses(star, poses));
  return folder;
}

inline TrainingConfig small_config(const std::string& data, int64_t epochs) {
  TrainingConfig c;
  c.data.particles = data + "/particles.star";
  c.data.structure = data + "/base.pdb";
  c.data.data_dir = data;
  c.data.frame = "centroid";
  c.data.calibration_particles = 200;
  c.data.held_out_fraction = 0.15;
  c.model.latent_dim = 2;
  c.model.prior_components = 2;
  c.model.atom_width = 1.5;
  c.model.encoder.widths = {32};
  c.model.encoder.grid = 6;
  c.model.decoder.width = 16;
  c.model.decoder.blocks = 1;
  c.model.decoder.representation = 16;
  c.model.decoder.modes = 4;
  c.model.decoder.start_modes = 2;
  c.optimiser.batch_size = 32;
  c.optimiser.warmup_steps = 5;
  c.optimiser.learning_rate = 3e-3;
  c.loop_search.used = false;  // tests stop runs at their first step
  c.patience = 0;
  c.epochs = epochs;
  return c;
}

// With a coarse search for poses.
inline TrainingConfig small_pose_config(const std::string& data, int64_t epochs) {
  TrainingConfig config = small_config(data, epochs);
  config.data.poses = "infer";
  config.pose_search.rotation_step = 24;
  config.pose_search.resolution = 10;
  config.pose_search.shift_range = 0;  // the images are centred
  config.pose_search.candidates = 3;
  config.pose_search.climb = 6;
  config.pose_search.searches = 1;
  return config;
}

// A run as `cryomer train` sets it up, in its own folder.
struct SmallRun {
  RunDirectory directory;
  ParticleStack stack;
  std::unique_ptr<Trainer> trainer;

  SmallRun(const TrainingConfig& config, const std::string& folder, at::Device device = at::kCPU)
      : directory{folder}, stack(ParticleStack::open(config.data.particles, particle_options(config))) {
    set_log_level(LogLevel::error);
    RunSetup setup;
    setup.config = config;
    setup.structure = read_structure(config.data.structure);
    setup.origin = find_origin(config, setup.structure, stack);
    std::filesystem::copy_file(config.data.structure, directory.structure(config.data.structure),
                               std::filesystem::copy_options::overwrite_existing);
    trainer = std::make_unique<Trainer>(std::move(setup), stack, directory, device);
  }
  ~SmallRun() { set_log_level(LogLevel::info); }
};

}  // namespace cryomer::testing
