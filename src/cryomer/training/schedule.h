// What changes over a run, and when: learning rate, weights that grow, blur, temperature, the paper's first stage, settling.
#pragma once

#include "cryomer/training/training_config.h"

namespace cryomer {

class Schedule {
 public:
  Schedule(const TrainingConfig& config, int64_t steps_per_epoch) : config_(config), steps_per_epoch_(steps_per_epoch) {}

  // Where the run stands: steps taken, seconds spent, and how many of those on searches, which must not use up the warm-up.
  void move_to(int64_t steps, double seconds, double search_seconds);

  // The length of a run that no clock ends. Without a number of epochs it is 150 of them, after which training images still gain and
  // held-out ones hardly do (docs/experiments.md, "How long should a run be?"), and at least 5000 steps.
  int64_t steps_at_most() const;
  bool out_of_steps() const { return steps_ >= steps_at_most(); }

  double progress() const { return progress_; }  // 0 to 1, by steps or by time, whichever is further
  double warmed() const;                         // how much of the warm-up is done, 0 to 1
  double warmth() const;                         // of the weights that grow, see ObjectiveConfig
  double conformation_kl() const;                // weight of the divergence from the prior; full half-way through settling
  double strictness() const;                     // share of the price of backbone torsions; likewise
  double learning_rate() const;                  // share of the configured one
  double blur() const;                           // A
  double pose_temperature() const;
  double mobility() const;                       // share of the residues' own widths that counts, see AtomWidths
  bool poses_alone() const;                      // the first of the paper's stages

  // Once the held-out bound is flat the learning rate falls over a last share of the run: to go on at a high one would only fit the
  // training images' noise.
  void settle() { settling_from = progress_; }
  bool settling() const { return settling_from >= 0; }
  bool settled() const;
  double settling_from = -1;  // progress; -1: not yet

 private:
  // 0 to 1 from one share of the run to another, or half-way through settling.
  double grown(double from, double to) const;

  TrainingConfig config_;
  int64_t steps_per_epoch_, steps_ = 0;
  double progress_ = 0;
};

}  // namespace cryomer
