// Everything that decides a training run; saved as config.json with it.
#pragma once

#include "cryomer/loop_search/loop_search.h"
#include "cryomer/model/model_config.h"

namespace cryomer {

struct DataConfig {
  std::string particles;  // STAR file
  std::string structure;  // PDB or mmCIF
  std::string data_dir;   // where to look for image stacks first
  std::string poses = "given";  // given; refine: those of the file are a start; infer: none are needed
  std::string frame = "auto";  // where the structure stands relative to the poses' origin: auto, centroid, origin, box
  double pixel_size = 0;       // A; 0: from the files
  int64_t half = 0;            // 1 or 2: train on that half of the particles only; 0: on all
  double held_out_fraction = 0.1;
  int64_t calibration_particles = 1000;
  void visit(ConfigVisitor& v);
};

// How poses are found when they are not given.
struct PoseSearchConfig {
  double rotation_step = 15;   // degrees
  double resolution = 12;      // A, finest detail that the search compares
  double shift_range = 5;      // A, largest shift along each axis
  double shift_step = 2.5;     // A
  int64_t climb = 12;          // peaks of the grid, for each particle, that are climbed with the exact likelihood
  int64_t candidates = 4;      // poses that a particle keeps
  int64_t searches = 2;        // further ones, with structures that the model has learned, over the first 60 % of the run
  int64_t trial = 1024;        // particles that such a search begins with; it goes over the others where it changes poses
  double temperature = 4;      // of the candidates' weights at the start; falls to one with the objective's warm-up
  void visit(ConfigVisitor& v);
};

// Whose posteriors the decoder learns from.
struct PosteriorConfig {
  bool encoder_only = false;    // they stay the encoder's, as in the paper; else each particle gets its own after the warm-up
  double learning_rate = 0.03;  // Adam step size of the particles' own posteriors after that
  double sleep_share = 0.25;    // share of the images that the encoder is then taught with, simulated by the model itself
  void visit(ConfigVisitor& v);
};

struct ObjectiveConfig {
  std::string kind = "elbo";   // elbo, multi_sample
  int64_t samples = 2;         // conformations drawn for each image
  double conformation_kl = 1;  // weight of the divergence from the prior
  double late_kl = 4;          // factor that it grows by between half and seven tenths of the run, when motions are found
  // Where a network says the poses (model.pose_network):
  double pose_kl = 0.01;            // weight of their divergence from the prior
  int64_t pose_samples = 4;         // poses drawn for each conformation
  int64_t pose_samples_alone = 128;  // and for each image in the first stage, in which the base structure's poses alone are learned
  double poses_alone = 0.8;         // share of the run that this stage takes
  std::string restraints = "chain";  // chain: bonds, angles and ties, in nats; bonds: C-N bonds, mean squared deviation in A^2
  double chain = 0.02;               // weight of the restraints' energy
  double clashes = 0.1;              // weight of the energy of atoms that come too near each other
  double ramachandran = 0.1;         // weight of the energy of backbone torsions that proteins hardly have
  double rotamers = 0.004;           // weight of the energy of side chains that are not staggered
  double left_handed = 1;            // weight of the energy of residues that are left-handed where the structure has them right-handed
  double torsions = 0.01;            // weight of the energy of what side chains turn by, each 1 - cos
  // The warm-up, over which the weights of the divergence, the restraints, clashes, rotamers and left-handed residues grow from a hundredth, evenly in
  // logarithm: so many epochs (0: as the share says), but at most this share of the run. Too short, and motions that look alike
  // stay one; too long, and noise is learned.
  int64_t warmup_epochs = 24;
  double warmup = 0.4;
  double blur = 2;             // A, of images and projections at the start of the run, so that atoms feel density far from them
  double blur_share = 0.5;     // share of the warm-up over which the blur falls to zero
  double centring = 0.1;       // weight of the squared centre of mass, 1/A^2
  void visit(ConfigVisitor& v);
};

struct OptimiserConfig {
  double learning_rate = 1e-3;
  double warmup_steps = 100;
  double final_rate = 0.02;  // of the learning rate, reached at the end along half a cosine
  double decay = 4;           // of the decoder's weights: the share lost in each step, over the learning rate
  double clip = 10;          // largest norm of the gradient
  int64_t batch_size = 128;
  void visit(ConfigVisitor& v);
};

struct TrainingConfig;
// The settings of Rosenbaum et al. 2021; with poses inferred both of its stages, else the second.
void apply_paper_recipe(TrainingConfig& config, bool poses_inferred);

struct TrainingConfig final : Config {
  DataConfig data;
  ModelConfig model;
  PoseSearchConfig pose_search;
  LoopSearchConfig loop_search;
  PosteriorConfig posterior;
  ObjectiveConfig objective;
  OptimiserConfig optimiser;
  int64_t epochs = 0;      // passes over the particles; 0: as many as teach something, see Schedule::steps_at_most()
  double max_seconds = 0;  // 0: no limit
  double checkpoint_seconds = 180;
  double patience = 0.08;  // settle and stop when the held-out likelihood has not improved for this share of the run; 0: never
  int64_t seed = 1;

  void visit(ConfigVisitor& v) override;
  void check() const;
};

}  // namespace cryomer
