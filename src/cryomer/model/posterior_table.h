// Every particle's own distribution over the latents, improved directly: the encoder guesses, gradients of the objective
// through the decoder do the rest. Unlike an encoder's, these posteriors cannot memorise other images' noise.
#pragma once

#include "cryomer/model/diagonal_gaussian.h"
#include "cryomer/model/layers.h"

namespace cryomer {

class PosteriorTable {
 public:
  PosteriorTable() = default;
  PosteriorTable(int64_t rows, int64_t dim);

  // Rows as they stand, without gradient.
  DiagonalGaussian rows(const Tensor& index) const;
  void assign(const Tensor& index, const DiagonalGaussian& posteriors);

  // Copies of some rows that gradients can reach; after backward(), update() takes one Adam step on them.
  struct Leaves {
    Tensor index, mean, log_deviation;
    DiagonalGaussian posterior() const { return {mean, log_deviation.exp()}; }
  };
  Leaves leaves(const Tensor& index) const;
  void update(const Leaves& leaves, double learning_rate);

  int64_t size() const { return values.defined() ? values.size(0) : 0; }

  // State for checkpoints: [rows, 2 dim] means and log deviations, their two Adam moments, and [rows] steps taken.
  Tensor values, first_moment, second_moment, steps;
};

// Keeps gradients away from a model's parameters while it lives.
class FrozenParameters {
 public:
  explicit FrozenParameters(const ParameterSet& parameters);
  ~FrozenParameters();
  FrozenParameters(const FrozenParameters&) = delete;
  FrozenParameters& operator=(const FrozenParameters&) = delete;

 private:
  const ParameterSet& parameters_;
};

}  // namespace cryomer
