// How often a distance has which value in the population that the particles were taken from, estimated from what is known of
// each particle.
//
// The average of the particles' posteriors is biased: each is pulled towards the model's distribution and blurred by its own
// uncertainty (and the histogram of their means is too narrow). Here the population w on bins g is found by maximum likelihood over
// all particles at once, sum_i log sum_g w_g L_ig, where L_ig = q_i(g) / p(g) is the likelihood of particle i's image for the bin:
// the posterior q_i with the prior p divided out, under which it was inferred. The unsmoothed maximum is a row of spikes, the worst of
// them at the ends, where tails are divided by tails. So w is p tilted by a smooth function, w ~ p exp(t) (as in Efron 2016,
// "Empirical Bayes deconvolution estimates"), with squared steps of t from bin to bin as a penalty: where the images say nothing, the
// model's distribution stays. How smooth is decided by particles left out: the smoothest that predicts them as well as any, up to one
// standard error. Error bars are from a bootstrap over particles with that smoothness.
//
// What it relies on: that posterior and prior are right for each other, as a variational posterior is only approximately. What it
// cannot know: bins that the prior never visits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cryomer {

struct PopulationOptions {
  int bins = 40;
  int bootstraps = 100;
  uint64_t seed = 0;
  double cut = 0;  // A, for the share below it; NaN or none: no share
  bool has_cut = false;
};

// A figure of the population with its standard error over the bootstrap.
struct PopulationFigure {
  double value = 0, error = 0;
  double averaged = 0;  // the same of the average of the posteriors
  double of_means = 0;  // and of the particles' means
};

struct Population {
  std::string name;  // of the distance
  int64_t particles = 0, samples_per_particle = 0;
  std::vector<double> centres;    // A, [bins]
  std::vector<double> share;      // of the population in each bin
  std::vector<double> low, high;  // its 95 % interval
  std::vector<double> averaged, of_means,
      prior;  // shares of the averaged posteriors, of the particles' means, of the model's distribution
  PopulationFigure mean, standard_deviation;  // A
  PopulationFigure below_cut;                 // fraction; only with a cut
  double cut = 0;                             // A
  bool has_cut = false;
};

// samples [particles][per_particle] of each particle's posterior, A, per_particle >= 2; `prior_values` drawn from the distribution
// under which they were inferred.
Population estimated_population(const std::string& name, const std::vector<double>& samples, int64_t per_particle,
                                const std::vector<double>& prior_values, const PopulationOptions& options);

std::string population_table(const std::vector<Population>& populations);

}  // namespace cryomer
