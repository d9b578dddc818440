#include "cryomer/inference/likelihood_power.h"

#include <algorithm>

#include "cryomer/base/log.h"
#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"
#include "cryomer/inference/held_out_bound.h"
#include "cryomer/inference/mean_with_error.h"

namespace cryomer {

namespace {

constexpr size_t kFewest = 50;   // particles
constexpr double kHidden = 0.2;  // share of the Fourier pixels

// One for what is seen, zero for what is hidden: [box, box / 2 + 1]. Where the half spectrum holds a pixel and its mate, both are.
Tensor seen_pixels(int box, Random random) {
  const int half = box / 2 + 1;
  Tensor seen = at::ones({box, half});
  float* const values = seen.data_ptr<float>();
  for (int y = 0; y < box; ++y) {
    for (int x = 0; x < half; ++x) {
      const int mate = (box - y) % box;
      const bool has_mate = (x == 0 || 2 * x == box) && mate < y;
      values[y * half + x] = has_mate ? values[mate * half + x] : float(random.uniform() >= kHidden);
    }
  }
  return seen;
}

// By how much `a` explains a particle more than `b` does.
MeanWithError gain(const PowerTrial& a, const PowerTrial& b) {
  std::vector<double> differences;
  for (size_t i = 0; i < a.explained.size(); ++i) differences.push_back(a.explained[i] - b.explained[i]);
  return mean_with_error(differences);
}

const PowerTrial& best_of(const std::vector<PowerTrial>& trials) {
  return *std::max_element(trials.begin(), trials.end(), [](const PowerTrial& a, const PowerTrial& b) { return gain(b, a).value > 0; });
}

bool is_worse(const PowerTrial& trial, const std::vector<PowerTrial>& others) {
  const MeanWithError behind = gain(best_of(others), trial);
  return behind.value > behind.error;
}

}  // namespace

double cautious_power(const std::vector<PowerTrial>& trials) {
  double lowest = best_of(trials).power;
  for (const PowerTrial& trial : trials) {
    if (!is_worse(trial, trials)) lowest = std::min(lowest, trial.power);
  }
  return lowest;
}

double find_likelihood_power(const TrainedModel& trained, const ParticleStack& stack) {
  const std::vector<int64_t> rows = held_out_rows(trained, stack);
  if (rows.size() < kFewest) return 1;
  const Tensor seen = seen_pixels(trained.model->images.grid().box, Random(uint64_t(trained.setup.config.seed), 0x1f7));
  std::vector<PowerTrial> trials;
  // Whether it is worth going on in that direction.
  const auto tried = [&](double power) {
    ImageInference inference(trained, stack, true, Refinement().with_power(power));
    PowerTrial trial{power, {}};
    Progress progress(formatted("predicting hidden Fourier pixels, likelihood to the power of {:g}", power), int64_t(rows.size()), "particles");
    for (size_t first = 0; first < rows.size(); first += 256) {
      const ParticleBatch batch = inference.load({rows.begin() + int64_t(first), rows.begin() + int64_t(std::min(first + 256, rows.size()))});
      const std::vector<double> explained = inference.explain_unseen(batch, seen);
      trial.explained.insert(trial.explained.end(), explained.begin(), explained.end());
      if (stop_requested()) throw Interrupted("stopped while asking how much a likelihood should count");
      progress.advance(batch.size());
    }
    progress.finish();
    trials.push_back(trial);
    return !is_worse(trials.back(), trials);
  };
  tried(1);
  for (double power = 0.5; power >= 0.25 && tried(power); power /= 2) {}
  for (double power = 2; power <= 4 && tried(power); power *= 2) {}
  for (const PowerTrial& trial : trials) {
    const MeanWithError more = gain(trial, trials.front());
    log_debug("likelihood to the power of {:g}: {:.3f} +- {:.3f} nats of hidden pixels more than to the power of one", trial.power, more.value, more.error);
  }
  return cautious_power(trials);
}

}  // namespace cryomer
