#include "cryomer/evaluation/marginal.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "cryomer/base/error.h"

namespace cryomer {

namespace {

struct Step {
  double at, height;
};

std::vector<Step> sorted_steps(const Marginal& marginal) {
  if (marginal.values.empty())
    fail("a distribution without values has no moments and no distance to another");
  if (!marginal.weights.empty() && marginal.weights.size() != marginal.values.size()) {
    fail("a distribution of {} values has {} weights", marginal.values.size(), marginal.weights.size());
  }
  std::vector<Step> steps(marginal.values.size());
  double total = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    steps[i] = {marginal.values[i], marginal.weights.empty() ? 1.0 : marginal.weights[i]};
    total += steps[i].height;
  }
  for (Step& step : steps) step.height /= total;
  std::sort(steps.begin(), steps.end(), [](const Step& x, const Step& y) { return x.at < y.at; });
  return steps;
}

// Calls visit(F - G, width) for each stretch between neighbouring values of either distribution, ties taken
// together.
void for_each_stretch(const Marginal& a, const Marginal& b,
                      const std::function<void(double, double)>& visit) {
  const std::vector<Step> x = sorted_steps(a), y = sorted_steps(b);
  size_t i = 0, j = 0;
  double difference = 0;
  while (i < x.size() || j < y.size()) {
    const double at = j == y.size() || (i < x.size() && x[i].at <= y[j].at) ? x[i].at : y[j].at;
    while (i < x.size() && x[i].at == at) difference += x[i++].height;
    while (j < y.size() && y[j].at == at) difference -= y[j++].height;
    if (i == x.size() && j == y.size()) break;
    const double next = std::min(i < x.size() ? x[i].at : y[j].at, j < y.size() ? y[j].at : x[i].at);
    visit(difference, next - at);
  }
}

}  // namespace

Moments moments(const Marginal& marginal) {
  Moments result;
  const std::vector<Step> steps = sorted_steps(marginal);
  for (const Step& step : steps) result.mean += step.height * step.at;
  double variance = 0;
  for (const Step& step : steps) variance += step.height * (step.at - result.mean) * (step.at - result.mean);
  result.standard_deviation = std::sqrt(variance);
  return result;
}

double wasserstein_distance(const Marginal& a, const Marginal& b) {
  double sum = 0;
  for_each_stretch(a, b, [&](double difference, double width) { sum += std::abs(difference) * width; });
  return sum;
}

double ks_statistic(const Marginal& a, const Marginal& b) {
  double largest = 0;
  for_each_stretch(a, b,
                   [&](double difference, double) { largest = std::max(largest, std::abs(difference)); });
  return largest;
}

}  // namespace cryomer
