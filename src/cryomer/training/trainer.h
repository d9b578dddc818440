// Learns a model from a particle stack: batches, schedules, held-out images, metrics, checkpoints, stopping.
#pragma once

#include <chrono>
#include <optional>

#include "cryomer/data/particle_loader.h"
#include "cryomer/training/adam.h"
#include "cryomer/training/objective.h"
#include "cryomer/training/run_directory.h"

namespace cryomer {

// A run's settings and everything they were applied to; shared by training and by the commands that use a trained model.
struct RunSetup {
  TrainingConfig config;
  Structure structure;  // as in the file
  Vec3 origin;          // point of the structure that is the centre of rotation, A

  Structure centred() const;  // moved so that `origin` is at zero
};

// Where the structure stands relative to the poses: the candidate (centroid at the centre, file's own origin at the
// centre, or the corner of the box as in a fitted map) whose projections explain the images best.
Vec3 find_origin(const TrainingConfig& config, const Structure& structure, const ParticleStack& stack);

class Trainer {
 public:
  Trainer(RunSetup setup, const ParticleStack& stack, RunDirectory directory);

  // Continues from the run's checkpoint; fails when data or settings do not fit it.
  void resume();
  // Runs to the end, the time limit, a flat held-out curve or a request to stop; leaves a checkpoint.
  void run();
  void save_checkpoint() const;

  int64_t step() const { return optimiser_.steps; }
  const Autoencoder& model() const { return model_; }

 private:
  struct HeldOut {
    double log_likelihood = 0, kl = 0, chain = 0, base_log_likelihood = 0;
  };

  void calibrate_from_data();
  HeldOut judge_held_out() const;
  double progress() const;
  double elapsed() const;
  ParticleBatch next_batch();
  void train_step();
  void end_of_epoch();
  void write_metrics(const HeldOut& held_out);

  RunSetup setup_;
  const ParticleStack& stack_;
  ParticleLoader loader_;
  RunDirectory directory_;
  ParticleSplit split_;
  Autoencoder model_;
  std::shared_ptr<const std::vector<DistanceRestraint>> restraints_;
  Adam optimiser_;

  std::vector<int64_t> order_;  // of the training particles in this epoch
  int64_t steps_per_epoch_ = 0;
  double earlier_seconds_ = 0;  // spent before a resume
  std::chrono::steady_clock::time_point start_, last_checkpoint_;
  LossTerms sums_;  // of the epoch so far
  int64_t summed_steps_ = 0;
  ScaleStatistics scales_;  // of the epoch so far
  double best_held_out_ = -1e300;
  double best_progress_ = 0;
  bool finished_ = false;
};

// The model of a run folder, ready for use.
struct TrainedModel {
  RunSetup setup;
  std::unique_ptr<Autoencoder> model;
};
TrainedModel load_trained_model(const RunDirectory& directory);

}  // namespace cryomer
