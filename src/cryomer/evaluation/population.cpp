#include "cryomer/evaluation/population.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cryomer/base/error.h"
#include "cryomer/base/random.h"
#include "cryomer/evaluation/text_table.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {

namespace {

constexpr int kSteps = 400;
constexpr double kStill = 1e-6;      // largest change of a share that ends the steps
constexpr double kSmoothing = 0.12;  // of a bin's share that goes to each neighbour in a step
constexpr double kEmpty =
    2e-3;  // of the average posterior, below which a bin is taken as empty: there only tails are divided by tails
constexpr double kDefensive =
    0.05;  // of the average posterior in what is divided out: bins the prior's draws hardly visit would explode

class Bins {
 public:
  Bins(double low, double high, int count) : low_(low), width_(std::max(high - low, 1e-6) / count), count_(count) {}
  int count() const { return count_; }
  double centre(int k) const { return low_ + (k + 0.5) * width_; }
  double edge(int k) const { return low_ + k * width_; }
  double width() const { return width_; }
  int of(double value) const { return std::clamp(int((value - low_) / width_), 0, count_ - 1); }

 private:
  double low_, width_;
  int count_;
};

std::vector<double> histogram(const Bins& bins, const std::vector<double>& values) {
  std::vector<double> shares(bins.count(), 0.0);
  for (const double value : values) shares[bins.of(value)] += 1 / double(values.size());
  return shares;
}

// A particle's posterior on the bins: its samples as normal kernels, drawn together so that mean and variance stay as they are.
void posterior_on_bins(const Bins& bins, const double* samples, int64_t count, double* shares) {
  double mean = 0, square = 0;
  for (int64_t k = 0; k < count; ++k) mean += samples[k] / double(count);
  for (int64_t k = 0; k < count; ++k) square += (samples[k] - mean) * (samples[k] - mean);
  const double deviation = std::sqrt(square / double(count - 1));
  const double part = std::pow(double(count), -0.4);  // of the variance, in the kernels
  const double kernel = std::max(std::sqrt(part) * deviation, 1e-3 * bins.width());
  // Samples scatter by less than the variance says, which divides by count - 1.
  const double shrink = std::sqrt((1 - part) * double(count) / double(count - 1));
  std::fill(shares, shares + bins.count(), 0.0);
  for (int64_t k = 0; k < count; ++k) {
    const double centre = mean + shrink * (samples[k] - mean);
    double below = 0;  // what lies beyond the ends goes to the outermost bins
    for (int g = 0; g < bins.count(); ++g) {
      const double up = g + 1 == bins.count() ? 1 : 0.5 * std::erfc((centre - bins.edge(g + 1)) / (kernel * std::sqrt(2.0)));
      shares[g] += (up - below) / double(count);
      below = up;
    }
  }
}

// Maximises the likelihood of particles with multiplicities, from `start`.
std::vector<double> maximum(const std::vector<float>& likelihood, const std::vector<double>& times, std::vector<double> start) {
  const size_t bins = start.size(), particles = times.size();
  double total = 0;
  for (const double t : times) total += t;
  std::vector<double> share = std::move(start), next(bins), smoothed(bins);
  for (int step = 0; step < kSteps; ++step) {
    std::fill(next.begin(), next.end(), 0.0);
    for (size_t i = 0; i < particles; ++i) {
      if (times[i] == 0) continue;
      const float* row = &likelihood[i * bins];
      double sum = 0;
      for (size_t g = 0; g < bins; ++g) sum += share[g] * row[g];
      if (!(sum > 0)) continue;
      const double factor = times[i] / (sum * total);
      for (size_t g = 0; g < bins; ++g) next[g] += factor * row[g];
    }
    double norm = 0;
    for (size_t g = 0; g < bins; ++g) norm += next[g] *= share[g];
    for (size_t g = 0; g < bins; ++g) {
      const double left = next[g == 0 ? 0 : g - 1], right = next[g + 1 == bins ? g : g + 1];
      smoothed[g] = share[g] > 0 ? ((1 - 2 * kSmoothing) * next[g] + kSmoothing * (left + right)) / norm : 0;
    }
    norm = 0;
    for (size_t g = 0; g < bins; ++g) norm += smoothed[g];
    for (double& value : smoothed) value /= norm;
    double change = 0;
    for (size_t g = 0; g < bins; ++g) change = std::max(change, std::abs(smoothed[g] - share[g]));
    share = smoothed;
    if (change < kStill) break;
  }
  return share;
}

struct Figures {
  double mean = 0, deviation = 0, below = 0;
};

Figures figures_of(const Bins& bins, const std::vector<double>& share, const PopulationOptions& options) {
  Figures result;
  for (int g = 0; g < bins.count(); ++g) result.mean += share[g] * bins.centre(g);
  for (int g = 0; g < bins.count(); ++g) {
    result.deviation += share[g] * (bins.centre(g) - result.mean) * (bins.centre(g) - result.mean);
    result.below += share[g] * std::clamp((options.cut - bins.edge(g)) / bins.width(), 0.0, 1.0);
  }
  result.deviation = std::sqrt(result.deviation);
  return result;
}

double deviation_of(const std::vector<double>& values) {
  double mean = 0, square = 0;
  for (const double value : values) mean += value / double(values.size());
  for (const double value : values) square += (value - mean) * (value - mean);
  return std::sqrt(square / double(values.size() - 1));
}

}  // namespace

Population estimated_population(const std::string& name, const std::vector<double>& samples, int64_t per_particle,
                                const std::vector<double>& prior_values, const PopulationOptions& options) {
  if (per_particle < 2 || samples.empty() || int64_t(samples.size()) % per_particle != 0) {
    fail("population of {}: {} samples with {} for each particle, expected at least two for each", name, samples.size(),
         per_particle);
  }
  if (prior_values.size() < 2)
    fail("population of {}: {} draws of the model's distribution, expected many", name, prior_values.size());
  const auto particles = int64_t(samples.size()) / per_particle;
  double low = *std::min_element(prior_values.begin(), prior_values.end()),
         high = *std::max_element(prior_values.begin(), prior_values.end());
  low = std::min(low, *std::min_element(samples.begin(), samples.end()));
  high = std::max(high, *std::max_element(samples.begin(), samples.end()));
  const Bins bins(low, high, options.bins);
  const auto count = size_t(bins.count());

  Population result;
  result.name = name;
  result.particles = particles;
  result.samples_per_particle = per_particle;
  result.cut = options.cut;
  result.has_cut = options.has_cut;
  for (int g = 0; g < bins.count(); ++g) result.centres.push_back(bins.centre(g));
  result.prior = histogram(bins, prior_values);

  std::vector<double> posterior(particles * count), means;
  parallel_for(particles, 64, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) posterior_on_bins(bins, &samples[i * per_particle], per_particle, &posterior[i * count]);
  });
  result.averaged.assign(count, 0.0);
  for (int64_t i = 0; i < particles; ++i) {
    for (size_t g = 0; g < count; ++g) result.averaged[g] += posterior[i * count + g] / double(particles);
    double mean = 0;
    for (int64_t k = 0; k < per_particle; ++k) mean += samples[i * per_particle + k] / double(per_particle);
    means.push_back(mean);
  }
  result.of_means = histogram(bins, means);
  std::vector<float> likelihood(posterior.size());
  std::vector<double> start(count, 0.0);
  for (size_t g = 0; g < count; ++g) {
    const double divided_out = (1 - kDefensive) * result.prior[g] + kDefensive * result.averaged[g];
    if (result.averaged[g] < kEmpty) continue;
    start[g] = divided_out;
    for (int64_t i = 0; i < particles; ++i)
      likelihood[i * count + g] = divided_out > 0 ? float(posterior[i * count + g] / divided_out) : 0.0f;
  }
  result.share = maximum(likelihood, std::vector<double>(particles, 1.0), start);

  std::vector<std::vector<double>> draws(options.bootstraps);
  parallel_for(options.bootstraps, 1, [&](int64_t first, int64_t last) {
    for (int64_t b = first; b < last; ++b) {
      Random random = Random(options.seed, 0xb007).substream(uint64_t(b));
      std::vector<double> times(particles, 0.0);
      for (int64_t i = 0; i < particles; ++i) ++times[random.below(uint64_t(particles))];
      draws[b] = maximum(likelihood, times, result.share);
    }
  });
  const Figures own = figures_of(bins, result.share, options), averaged = figures_of(bins, result.averaged, options),
                of_means = figures_of(bins, result.of_means, options);
  std::vector<double> mean, deviation, below;
  for (const std::vector<double>& draw : draws) {
    const Figures of = figures_of(bins, draw, options);
    mean.push_back(of.mean);
    deviation.push_back(of.deviation);
    below.push_back(of.below);
  }
  const auto error = [](const std::vector<double>& values) {
    return values.size() > 1 ? deviation_of(values) : std::numeric_limits<double>::quiet_NaN();
  };
  result.mean = {own.mean, error(mean), averaged.mean, of_means.mean};
  result.standard_deviation = {own.deviation, error(deviation), averaged.deviation, of_means.deviation};
  if (options.has_cut) result.below_cut = {own.below, error(below), averaged.below, of_means.below};
  for (size_t g = 0; g < count; ++g) {
    std::vector<double> of_bin;
    for (const std::vector<double>& draw : draws) of_bin.push_back(draw[g]);
    std::sort(of_bin.begin(), of_bin.end());
    const auto at = [&](double level) {
      return of_bin.empty() ? std::numeric_limits<double>::quiet_NaN() : of_bin[size_t(level * double(of_bin.size() - 1) + 0.5)];
    };
    result.low.push_back(at(0.025));
    result.high.push_back(at(0.975));
  }
  return result;
}

std::string population_table(const std::vector<Population>& populations) {
  if (populations.empty()) return "";
  std::string text =
      formatted("\nPopulation over {} particles: deconvolved with its standard error, and what histograms would say\n",
                populations[0].particles);
  std::vector<std::vector<std::string>> rows = {{"", "", "deconvolved", "", "averaged posteriors", "particles' means"}};
  for (const Population& p : populations) {
    const auto row = [&](const std::string& distance, const std::string& what, const PopulationFigure& f, bool fraction) {
      const auto number = [&](double value) { return fraction ? percent(value) : length(value); };
      rows.push_back({distance, what, number(f.value), "+- " + number(f.error), number(f.averaged), number(f.of_means)});
    };
    row(p.name, "mean (A)", p.mean, false);
    row("", "std (A)", p.standard_deviation, false);
    if (p.has_cut) row("", formatted("below {:g} A", p.cut), p.below_cut, true);
  }
  return text + aligned(rows);
}

}  // namespace cryomer
