#include "cryomer/evaluation/population.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "cryomer/base/error.h"
#include "cryomer/base/random.h"
#include "cryomer/evaluation/text_table.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {

namespace {

constexpr int kSteps = 200;
constexpr double kGain = 1e-4;  // of the objective in nats, in all, below which the climb is over
// Precisions of the steps of log(w / p) from bin to bin, that are tried.
constexpr double kStiffness[] = {0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 1e4, 1e5};
constexpr int kFolds = 4;
constexpr double kBeyond = 0.002;  // share of the draws that goes to the outermost bins at each end

double deviation_of(const std::vector<double>& values) {
  double mean = 0, square = 0;
  for (const double value : values) mean += value / double(values.size());
  for (const double value : values) square += (value - mean) * (value - mean);
  return std::sqrt(square / double(values.size() - 1));
}

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

// Adds a normal kernel of so much weight to the shares of the bins; what lies beyond the ends goes to the outermost.
void kernel_on_bins(const Bins& bins, double centre, double deviation, double weight, double* shares) {
  const double width = std::max(deviation, 1e-3 * bins.width());  // distances that do not vary have none
  double below = 0;
  for (int g = 0; g < bins.count(); ++g) {
    const double up = g + 1 == bins.count() ? 1 : 0.5 * std::erfc((centre - bins.edge(g + 1)) / (width * std::sqrt(2.0)));
    shares[g] += weight * (up - below);
    below = up;
  }
}

// A particle's posterior on the bins: its samples as normal kernels, drawn together so that mean and variance stay as they are.
void posterior_on_bins(const Bins& bins, const double* samples, int64_t count, double* shares) {
  double mean = 0, square = 0;
  for (int64_t k = 0; k < count; ++k) mean += samples[k] / double(count);
  for (int64_t k = 0; k < count; ++k) square += (samples[k] - mean) * (samples[k] - mean);
  const double deviation = std::sqrt(square / double(count - 1));
  const double part = std::pow(double(count), -0.4);  // of the variance, in the kernels
  const double kernel = std::sqrt(part) * deviation;
  // Samples scatter by less than the variance says, which divides by count - 1.
  const double shrink = std::sqrt((1 - part) * double(count) / double(count - 1));
  std::fill(shares, shares + bins.count(), 0.0);
  for (int64_t k = 0; k < count; ++k) {
    const double centre = mean + shrink * (samples[k] - mean);
    kernel_on_bins(bins, centre, kernel, 1 / double(count), shares);
  }
}

// The population on bins, as the model's distribution tilted by a smooth function t. An image's likelihood under the tilted
// distribution, over that under the model's, is the mean of exp(t) over its posterior by the mean of exp(t) over the model's
// distribution; neither density need be divided by the other.
class Deconvolution {
 public:
  // posterior [particles, bins], prior_draws [draws, bins]: of each, shares that sum to one.
  Deconvolution(Tensor posterior, Tensor prior_draws) : posterior_(std::move(posterior)), prior_draws_(std::move(prior_draws)), averaged_(posterior_.mean(0)) {
    const Tensor steps = at::diff(at::eye(posterior_.size(1), at::kDouble), 1, 0);
    roughness_ = at::matmul(steps.t(), steps);
  }

  int64_t particles() const { return posterior_.size(0); }
  int64_t draws() const { return prior_draws_.size(0); }
  Tensor flat() const { return at::zeros_like(averaged_); }

  // The model's distribution from draws with multiplicities [draws]. One more, spread as the posteriors are, keeps bins open that they miss.
  Tensor prior(const Tensor& times) const { return (at::mv(prior_draws_.t(), times) + averaged_) / (times.sum() + 1); }

  // Maximises the likelihood of particles with multiplicities [particles] less the roughness of the tilt, from a tilt [bins].
  Tensor tilt(const Tensor& times, const Tensor& prior, double stiffness, const Tensor& start) const {
    const int64_t bins = start.size(0);
    const Tensor penalty = stiffness * roughness_;
    Tensor tilt = start;
    const auto objective = [&](const Tensor& at_tilt) {
      return at::dot(times, log_likelihood(at_tilt, prior)).item<double>() - 0.5 * at::dot(at_tilt, at::mv(penalty, at_tilt)).item<double>();
    };
    double height = objective(tilt);
    for (int step = 0; step < kSteps; ++step) {
      const Tensor joint = posterior_ * tilt.exp();
      const Tensor excess = joint / joint.sum(1, true) - tilted(prior, tilt);  // [particles, bins]: each particle's gradient
      const Tensor gradient = at::mv(excess.t(), times) - at::mv(penalty, tilt);
      // Gradients of single particles make the curvature near the maximum (Berndt et al. 1974) and never point downhill.
      const Tensor curvature = at::matmul(excess.t(), excess * times.unsqueeze(1)) + penalty + at::eye(bins, at::kDouble);
      const Tensor direction = at::cholesky_solve(gradient.unsqueeze(1), at::linalg_cholesky(curvature)).squeeze(1);
      double gain = 0;
      for (double length = 1; length > 1e-3; length /= 2) {
        const Tensor next = tilt + length * direction;
        const double reached = objective(next);
        if (!(reached > height)) continue;
        gain = reached - height;
        tilt = next - next.mean();
        height = reached;
        break;
      }
      if (gain < kGain) break;
    }
    return tilt;
  }

  static Tensor tilted(const Tensor& prior, const Tensor& tilt) { return at::softmax(prior.log() + tilt, 0); }

  // Of each particle, in nats, less that under the model's distribution: [particles].
  Tensor log_likelihood(const Tensor& tilt, const Tensor& prior) const {
    return at::log(at::mv(posterior_, tilt.exp())) - at::log(at::dot(prior, tilt.exp()));
  }

  // The stiffest tilt that predicts particles left out, by draws of the prior left out, as well as any does, up to one standard error.
  double stiffness() const {
    const Tensor fold = at::arange(particles(), at::kLong).remainder(kFolds), of_draw = at::arange(draws(), at::kLong).remainder(kFolds);
    constexpr auto kCount = std::size(kStiffness);
    std::vector<Tensor> predicted(kCount, at::zeros({particles()}, at::kDouble));
    for (int f = 0; f < kFolds; ++f) {
      const Tensor left_out = fold.eq(f), draw_left_out = of_draw.eq(f);
      const Tensor seen = prior(draw_left_out.logical_not().to(at::kDouble)), unseen = prior(draw_left_out.to(at::kDouble));
      Tensor current = flat();
      for (size_t k = kCount; k-- > 0;) {
        current = tilt(left_out.logical_not().to(at::kDouble), seen, kStiffness[k], current);
        predicted[k] = at::where(left_out, log_likelihood(current, unseen), predicted[k]);
      }
    }
    size_t best = 0;
    for (size_t k = 1; k < kCount; ++k) {
      if (predicted[k].sum().item<double>() > predicted[best].sum().item<double>()) best = k;
    }
    size_t chosen = best;
    for (size_t k = best + 1; k < kCount; ++k) {
      const Tensor worse = predicted[best] - predicted[k];
      if (worse.sum().item<double>() < std::sqrt(double(particles())) * worse.std().item<double>()) chosen = k;
    }
    return kStiffness[chosen];
  }

 private:
  Tensor posterior_, prior_draws_, averaged_, roughness_;
};

// How often each of so many is taken when as many are drawn with replacement.
Tensor multiplicities(int64_t count, Random random) {
  std::vector<double> times(count, 0.0);
  for (int64_t i = 0; i < count; ++i) ++times[random.below(uint64_t(count))];
  return tensor_from(times);
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
  std::vector<double> sorted_prior = prior_values, sorted_samples = samples;
  std::sort(sorted_prior.begin(), sorted_prior.end());
  std::sort(sorted_samples.begin(), sorted_samples.end());
  const auto end = [](const std::vector<double>& sorted, double level) { return sorted[size_t(level * double(sorted.size() - 1) + 0.5)]; };
  const double low = std::min(end(sorted_prior, kBeyond), end(sorted_samples, kBeyond)),
               high = std::max(end(sorted_prior, 1 - kBeyond), end(sorted_samples, 1 - kBeyond));
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
  const auto draws = int64_t(prior_values.size());
  // Normal kernels: the model's distribution is smooth, and where draws are rare each would be a spike.
  std::vector<double> spread(size_t(draws) * count);
  const double kernel = 1.06 * deviation_of(prior_values) * std::pow(double(draws), -0.2);  // Silverman 1986
  for (int64_t d = 0; d < draws; ++d) kernel_on_bins(bins, prior_values[d], kernel, 1, &spread[d * count]);
  const Tensor prior_draws = tensor_from(spread).reshape({draws, int64_t(count)});
  const Deconvolution deconvolution(tensor_from(posterior).reshape({particles, int64_t(count)}), prior_draws);
  const double stiffness = deconvolution.stiffness();
  const Tensor prior = deconvolution.prior(at::ones({draws}, at::kDouble));
  const Tensor tilt = deconvolution.tilt(at::ones({particles}, at::kDouble), prior, stiffness, deconvolution.flat());
  result.share = to_doubles(Deconvolution::tilted(prior, tilt));

  std::vector<std::vector<double>> resampled(options.bootstraps);
  parallel_for(options.bootstraps, 1, [&](int64_t first, int64_t last) {
    at::NoGradGuard guard;
    for (int64_t b = first; b < last; ++b) {
      const Random random = Random(options.seed, 0xb007).substream(uint64_t(b));
      const Tensor prior_again = deconvolution.prior(multiplicities(draws, random.substream(1)));
      resampled[b] = to_doubles(Deconvolution::tilted(
          prior_again, deconvolution.tilt(multiplicities(particles, random.substream(0)), prior_again, stiffness, tilt)));
    }
  });
  const Figures own = figures_of(bins, result.share, options), averaged = figures_of(bins, result.averaged, options),
                of_means = figures_of(bins, result.of_means, options);
  std::vector<double> mean, deviation, below;
  for (const std::vector<double>& draw : resampled) {
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
    for (const std::vector<double>& draw : resampled) of_bin.push_back(draw[g]);
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
