#include "cryomer/training/schedule.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/units.h"

namespace cryomer {

namespace {

constexpr int64_t kEnoughEpochs = 150, kLeastSteps = 5000;
constexpr double kSettlingShare = 0.15;  // of the run
constexpr double kLeastWarmth = 0.01;
// Shares of the run. Earlier, residues that blur would leave the latents less to explain, and fewer motions are found.
constexpr double kMobileFrom = 0.35, kMobileTo = 0.55;

// Motions are found before torsions have their price: on the way to their place chains pass through what is forbidden.
constexpr double kStrictFrom = 0.65, kStrictTo = 0.85;

// Nor may latents be told to keep less before motions are found.
constexpr double kDearFrom = 0.5, kDearTo = 0.7;

}  // namespace

int64_t Schedule::steps_at_most() const {
  return config_.epochs > 0 ? config_.epochs * steps_per_epoch_ : std::max(kEnoughEpochs * steps_per_epoch_, kLeastSteps);
}

void Schedule::move_to(int64_t steps, double seconds, double search_seconds) {
  steps_ = steps;
  double share = double(steps) / double(steps_at_most());
  const double limit = config_.max_seconds;
  if (limit > 0) share = std::max(share, seconds >= limit ? 1 : (seconds - search_seconds) / (limit - search_seconds));
  progress_ = std::min(share, 1.0);
}

double Schedule::warmed() const {
  const ObjectiveConfig& c = config_.objective;
  if (c.warmup == 0) return 1;
  const double epochs = double(steps_) / double(steps_per_epoch_);
  return std::min(1.0, std::max(progress_ / c.warmup, c.warmup_epochs > 0 ? epochs / double(c.warmup_epochs) : 0));
}

double Schedule::warmth() const { return std::pow(kLeastWarmth, 1 - warmed()); }

double Schedule::grown(double from, double to) const {
  const double settled_by = settling() ? (progress_ - settling_from) / (0.5 * kSettlingShare) : 0;
  return std::clamp(std::max((progress_ - from) / (to - from), settled_by), 0.0, 1.0);
}

double Schedule::conformation_kl() const {
  const ObjectiveConfig& c = config_.objective;
  return warmth() * c.conformation_kl * std::pow(c.late_kl, grown(kDearFrom, kDearTo));
}

double Schedule::strictness() const { return grown(kStrictFrom, kStrictTo); }

double Schedule::learning_rate() const {
  const OptimiserConfig& c = config_.optimiser;
  const double warm = c.warmup_steps > 0 ? std::min(1.0, double(steps_ + 1) / c.warmup_steps) : 1.0;
  auto falling = [&](double from, double share) {
    return c.final_rate + (from - c.final_rate) * 0.5 * (1 + std::cos(kPi * std::min(share, 1.0)));
  };
  if (poses_alone()) return progress_ < 0.5 * config_.objective.poses_alone ? warm : 0.5 * warm;  // Rosenbaum et al. 2021, appendix
  if (!settling()) return warm * falling(1, progress_);
  return warm * falling(falling(1, settling_from), (progress_ - settling_from) / std::min(kSettlingShare, 1 - settling_from + 1e-9));
}

double Schedule::blur() const {
  const ObjectiveConfig& c = config_.objective;
  return c.blur_share > 0 ? c.blur * std::max(0.0, 1 - warmed() / c.blur_share) : 0;
}

double Schedule::pose_temperature() const { return 1 + (config_.pose_search.temperature - 1) * (1 - warmed()); }

double Schedule::mobility() const { return std::clamp((progress_ - kMobileFrom) / (kMobileTo - kMobileFrom), 0.0, 1.0); }

bool Schedule::poses_alone() const { return config_.model.pose_network.used && progress_ < config_.objective.poses_alone; }

bool Schedule::settled() const { return settling() && progress_ - settling_from >= kSettlingShare; }

}  // namespace cryomer
