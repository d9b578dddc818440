#include "cryomer/model/posterior_table.h"

namespace cryomer {

PosteriorTable::PosteriorTable(int64_t rows, int64_t dim)
    : values(at::zeros({rows, 2 * dim})),
      first_moment(at::zeros({rows, 2 * dim})),
      second_moment(at::zeros({rows, 2 * dim})),
      steps(at::zeros({rows})) {}

DiagonalGaussian PosteriorTable::rows(const Tensor& index) const {
  const Tensor chosen = values.index_select(0, index);
  const int64_t dim = values.size(1) / 2;
  return {chosen.slice(1, 0, dim), chosen.slice(1, dim).exp()};
}

void PosteriorTable::assign(const Tensor& index, const DiagonalGaussian& posteriors) {
  at::NoGradGuard guard;
  values.index_copy_(0, index, at::cat({posteriors.mean, posteriors.deviation.log()}, 1).to(values.device()));
  for (const Tensor& moment : {first_moment, second_moment}) moment.index_fill_(0, index, 0);
  steps.index_fill_(0, index, 0);
}

PosteriorTable::Leaves PosteriorTable::leaves(const Tensor& index) const {
  const Tensor chosen = values.index_select(0, index);
  const int64_t dim = values.size(1) / 2;
  Leaves result{index, chosen.slice(1, 0, dim).contiguous(), chosen.slice(1, dim).contiguous()};
  result.mean.set_requires_grad(true);
  result.log_deviation.set_requires_grad(true);
  return result;
}

void PosteriorTable::update(const Leaves& leaves, double learning_rate) {
  at::NoGradGuard guard;
  // A shorter memory than usual for the second moment: a particle is visited a few hundred times at most.
  constexpr double kBeta1 = 0.9, kBeta2 = 0.98, kEpsilon = 1e-8;
  const Tensor gradient = at::cat({leaves.mean.grad(), leaves.log_deviation.grad()}, 1);
  const Tensor count = steps.index_select(0, leaves.index) + 1;
  const Tensor m = first_moment.index_select(0, leaves.index) * kBeta1 + gradient * (1 - kBeta1);
  const Tensor v = second_moment.index_select(0, leaves.index) * kBeta2 + gradient.square() * (1 - kBeta2);
  const Tensor bias1 = (1 - at::pow(kBeta1, count)).unsqueeze(1), bias2 = (1 - at::pow(kBeta2, count)).unsqueeze(1);
  const Tensor step = (m / bias1) / ((v / bias2).sqrt() + kEpsilon) * learning_rate;
  values.index_copy_(0, leaves.index, values.index_select(0, leaves.index) - step);
  first_moment.index_copy_(0, leaves.index, m);
  second_moment.index_copy_(0, leaves.index, v);
  steps.index_copy_(0, leaves.index, count);
}

FrozenParameters::FrozenParameters(const ParameterSet& parameters) : parameters_(parameters) {
  for (const auto& [name, tensor] : parameters_.all()) tensor.set_requires_grad(false);
}

FrozenParameters::~FrozenParameters() {
  for (const auto& [name, tensor] : parameters_.all()) tensor.set_requires_grad(true);
}

}  // namespace cryomer
