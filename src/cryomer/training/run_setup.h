// A run's settings and what they were applied to; shared by training and by the commands that use a trained model.
#pragma once

#include <memory>

#include "cryomer/data/particle_stack.h"
#include "cryomer/model/autoencoder.h"
#include "cryomer/model/posterior_table.h"
#include "cryomer/training/pose_table.h"
#include "cryomer/training/run_directory.h"
#include "cryomer/training/training_config.h"

namespace cryomer {

// What was found out about a model after its training, for those who infer with it.
struct InferenceConfig : Config {
  double likelihood_power = 1;  // see likelihood_power.h

  void visit(ConfigVisitor& visitor) override;
};

struct RunSetup {
  TrainingConfig config;
  Structure structure;  // as in the file
  Vec3 origin;          // point of the structure that is the centre of rotation, A

  Structure centred() const;  // moved so that `origin` is at zero
};

// Where the structure stands relative to the poses: the candidate (centroid at the centre of the box, the file's own origin
// at the centre, or the file's own origin at the corner, as for a structure fitted into a map) whose projections explain
// the images best, unless the configuration names one.
Vec3 find_origin(const TrainingConfig& config, const Structure& structure, const ParticleStack& stack);

double smallest_pixel_size(const ParticleStack& stack);  // A, over optics groups
std::vector<std::string> optics_group_names(const ParticleStack& stack);

// The model of a run folder, ready for use.
struct TrainedModel {
  RunSetup setup;
  std::unique_ptr<Autoencoder> model;
  double smallest_pixel_size = 0;  // A, of the particles it was trained on
  std::vector<std::string> moved_loops;    // names of stretches that stand elsewhere than in the structure's file
  std::vector<std::string> optics_groups;  // names, in the order of their noise spectra and scales
  std::string particles_fingerprint;       // see data_fingerprint.h; empty: not known
  // What training ended with for its own particles: their candidate poses, if poses were inferred, and posteriors, if they have any.
  PoseTable poses;
  PosteriorTable latents;

  InferenceConfig inference;
  bool ended = true;  // or was stopped, and can be taken on

  bool poses_were_inferred() const { return setup.config.data.poses != "given"; }
};
TrainedModel load_trained_model(const RunDirectory& directory);

// How a run's own particles are opened; `data_dir` replaces the run's when it is not empty.
ParticleStackOptions particle_options(const TrainingConfig& config, const std::string& data_dir = "");

}  // namespace cryomer
