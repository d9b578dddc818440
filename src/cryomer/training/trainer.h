// Learns a model from a particle stack: batches, schedules, held-out images, metrics, checkpoints, stopping.
//
// A run has two stages. First the encoder's posteriors train the decoder, as in Rosenbaum et al. 2021. Then every particle
// gets a posterior of its own, started from the encoder's and improved with each visit, the prior is fitted to them after
// each epoch, and the encoder learns from images that the model itself simulates.
#pragma once

#include <chrono>
#include <optional>

#include "cryomer/data/particle_loader.h"
#include "cryomer/model/posterior_table.h"
#include "cryomer/training/adam.h"
#include "cryomer/training/metrics.h"
#include "cryomer/training/objective.h"
#include "cryomer/training/run_directory.h"
#include "cryomer/training/run_setup.h"

namespace cryomer {

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
  bool particles_have_posteriors() const { return table_.size() > 0; }
  void calibrate_from_data();
  void give_particles_posteriors();
  double progress() const;
  double elapsed() const;
  double learning_rate() const;
  ParticleBatch next_batch();
  void train_step();
  void end_of_epoch();
  Figures judge_held_out(double& base_log_likelihood);
  void fit_prior_to_particles(int64_t iterations);
  Random draws(uint64_t purpose, uint64_t index) const;

  RunSetup setup_;
  const ParticleStack& stack_;
  ParticleLoader loader_;
  RunDirectory directory_;
  MetricsFile metrics_;
  ParticleSplit split_;
  Autoencoder model_;
  Restraints restraints_;
  Adam optimiser_;
  PosteriorTable table_;  // empty in the first stage

  std::vector<int64_t> order_;  // of the training particles in this epoch
  int64_t steps_per_epoch_ = 0;
  double earlier_seconds_ = 0;  // spent before a resume
  std::chrono::steady_clock::time_point start_, last_checkpoint_, epoch_start_;
  // Of the epoch so far: sums over steps.
  Figures sums_;
  double encoder_loss_ = 0;
  int64_t summed_steps_ = 0;
  ScaleStatistics scales_;
  double best_held_out_ = -1e300, best_progress_ = 0;
  double settling_from_ = -1;  // progress at which the held-out bound was flat and the run began to settle; -1: not yet
  bool finished_ = false;
};

}  // namespace cryomer
