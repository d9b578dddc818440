// Learns a model from a particle stack: batches, schedules, held-out images, metrics, checkpoints, stopping.
//
// A run has two stages. First the encoder's posteriors train the decoder, as in Rosenbaum et al. 2021. Then every particle
// gets a posterior of its own, started from the encoder's and improved with each visit, the prior is fitted to them after
// each epoch, and the encoder learns from images that the model itself simulates.
#pragma once

#include <chrono>
#include <functional>
#include <limits>
#include <optional>

#include "cryomer/data/particle_loader.h"
#include "cryomer/model/posterior_table.h"
#include "cryomer/tensor/safetensors.h"
#include "cryomer/training/adam.h"
#include "cryomer/training/data_fingerprint.h"
#include "cryomer/training/metrics.h"
#include "cryomer/training/objective.h"
#include "cryomer/training/pose_inference.h"
#include "cryomer/training/pose_table.h"
#include "cryomer/training/run_directory.h"
#include "cryomer/training/run_setup.h"
#include "cryomer/training/schedule.h"

namespace cryomer {

class Trainer {
 public:
  Trainer(RunSetup setup, const ParticleStack& stack, RunDirectory directory, at::Device device = at::kCPU);

  // Learns noise and scale of the images, finds the first candidate poses, loops and the encoder's units; run() does it for a new run. Writes
  // nothing, but for the poses found so far where that takes long and the folder is ready for files: `make_room`, if given, is called before
  // the first, and makes it so.
  void begin(const std::function<void()>& make_room = {});
  // Continues from the run's checkpoint, or from the poses that were found before there was one; fails when data or settings do not fit it.
  void resume();
  // Runs to the end, the time limit, a flat held-out curve or a request to stop; leaves a checkpoint.
  void run();
  void save_checkpoint() const;

  int64_t step() const { return optimiser_.steps; }
  bool out_of_steps() const { return schedule_.out_of_steps(); }  // of --epochs
  bool settled() const { return finished_; }  // the held-out curve was flat: nothing is left to do
  // Log likelihood less divergence, nats per image; not finite when nothing is held out or no epoch has ended.
  double best_held_out() const { return best_held_out_; }
  const Autoencoder& model() const { return model_; }

 private:
  bool particles_have_posteriors() const { return table_.size() > 0; }
  // Poses are candidates in a table, or the model's network says them (and the table's play no part).
  bool poses_are_candidates() const { return setup_.config.data.poses != "given" && !model_.pose_network; }
  void prepare(const std::function<void()>& make_room);
  void search_poses_again();
  void keep_first_search(const std::function<void()>& make_room);
  void resume_first_search();
  // What tells whether a file is of the same data, and of a version that can be read.
  void store_data(NamedTensors& file) const;
  void check_same_data(const NamedTensors& file, const std::string& source) const;
  // Loops that the images show elsewhere go there, before anything is learned.
  void move_loops();
  // Makes the model anew from the setup's structure.
  void rebuild_model();
  // Takes a model that has learned nothing yet to the device.
  void place_model();
  void give_particles_posteriors();
  // Settled, or came to its last epoch or its time.
  bool ended() const { return finished_ || schedule_.progress() >= 1; }
  static double seconds_since(std::chrono::steady_clock::time_point start);
  double elapsed() const;
  double seconds_left(double elapsed) const;  // an estimate, searches to come included
  void look_at_the_clock();
  ParticleBatch next_batch();
  // What one thread does of a step: some of its views.
  struct StepPart {
    double images = 0;  // sum of the views' weights
    LossTerms terms;
    double encoder_loss = 0;
    Tensor rows;                                // of the tables
    std::vector<int> groups;                    // optics group of each view and sample
    std::optional<PosteriorTable::Leaves> own;  // in the second stage
    Tensor pose_move;                           // [views, 5] A, when poses are inferred
    std::vector<Tensor> gradients;              // of the sum over images, by the parameters
  };
  struct StepSettings {
    ObjectiveStage objective;
    double blur = 0;
    bool model_learns = true;  // or only what belongs to the views
    bool poses_alone = false;
  };
  StepPart amortised_part(const ParticleBatch& batch, const Tensor& noise, const StepSettings& settings, Random random) const;
  StepPart step_part(const CandidateViews& all, int64_t first, int64_t last, const Tensor& noise, const StepSettings& settings, Random random) const;
  std::vector<StepPart> parts_of(const CandidateViews& views, const Tensor& noise, const StepSettings& settings, Random random) const;
  // Moves the views' own posteriors and poses along their gradients.
  void learn_views(const StepPart& part, double rate);
  void decay_weights(double share);
  void train_step();
  void end_of_epoch();
  Poses best_poses(const ParticleBatch& batch, const ObservedBatch& observed) const;
  Figures judge_held_out(double& base_log_likelihood);
  void fit_prior_to_particles(int64_t iterations);
  // Streams of random numbers, one for each purpose.
  enum Purpose : uint64_t { kOrder = 0x10, kNoise, kHeldOutNoise, kSleep, kSearch = 0x15, kBend };
  Random draws(Purpose purpose, uint64_t index) const;

  RunSetup setup_;
  const ParticleStack& stack_;
  ParticleLoader loader_;
  RunDirectory directory_;
  MetricsFile metrics_;
  ParticleSplit split_;
  at::Device device_;
  bool loops_moved_ = false;  // the setup's structure is no longer that of its file
  Autoencoder model_;
  Restraints restraints_;
  Adam optimiser_;
  DataFingerprint fingerprint_;
  int64_t steps_per_epoch_;
  Schedule schedule_;
  PoseTable poses_;
  FirstSearch first_search_;
  bool first_search_kept_ = false;  // in a file
  double radius_;         // of the molecule, A
  PosteriorTable table_;  // a row for each slot of a particle; empty in the first stage

  std::vector<int64_t> order_;  // of the training particles in this epoch
  double earlier_seconds_ = 0;  // spent before a resume
  std::chrono::steady_clock::time_point start_, last_checkpoint_, epoch_start_;
  // Of the epoch so far: sums over steps.
  Figures sums_;
  double encoder_loss_ = 0;
  int64_t summed_steps_ = 0, summed_views_ = 0;
  ScaleStatistics scales_;
  double best_held_out_ = -std::numeric_limits<double>::infinity(), best_progress_ = 0;
  double search_seconds_ = 0;  // of the elapsed time
  int64_t searches_ = 0;       // done with learned structures
  double changed_poses_ = 0;   // by the last of them
  bool begun_ = false, search_due_ = false;
  bool finished_ = false;  // settled
};

}  // namespace cryomer
