#include "cryomer/model/posterior_table.h"

#include <cmath>

#include "testing.h"

namespace cryomer {
namespace {

Tensor rows(std::vector<int64_t> values) { return tensor_from(values); }

PosteriorTable example() {
  PosteriorTable table(5, 2);
  table.assign(at::arange(5, at::kLong), {at::arange(10, at::kFloat).reshape({5, 2}), at::full({5, 2}, 0.5f)});
  return table;
}

// One step on some rows of sum (mean - 1)^2 + sum (log deviation)^2.
void step(PosteriorTable& table, const Tensor& index, double rate) {
  const PosteriorTable::Leaves leaves = table.leaves(index);
  ((leaves.mean - 1).square().sum() + leaves.log_deviation.square().sum()).backward();
  table.update(leaves, rate);
}

TEST(PosteriorTable, GivesBackWhatWasAssigned) {
  const DiagonalGaussian found = example().rows(rows({3, 0}));
  EXPECT_TRUE(at::allclose(found.mean, tensor_from(std::vector<float>{6, 7, 0, 1}, {2, 2})));
  EXPECT_TRUE(at::allclose(found.deviation, at::full({2, 2}, 0.5f)));
}

TEST(PosteriorTable, TouchesItsOwnRowsOnly) {
  PosteriorTable table = example();
  const Tensor before = table.values.clone();
  step(table, rows({1, 4}), 0.1);
  for (const int64_t row : {0, 2, 3}) {
    EXPECT_TRUE(at::equal(table.values[row], before[row])) << row;
    EXPECT_EQ(table.steps[row].item<float>(), 0);
  }
  for (const int64_t row : {1, 4}) {
    EXPECT_FALSE(at::equal(table.values[row], before[row])) << row;
    EXPECT_EQ(table.steps[row].item<float>(), 1);
  }
}

// The first step of Adam is the learning rate in the direction of the gradient, whatever its size.
TEST(PosteriorTable, TakesAdamsFirstStep) {
  PosteriorTable table = example();
  step(table, rows({2}), 0.1);
  const DiagonalGaussian found = table.rows(rows({2}));
  EXPECT_NEAR(found.mean[0][0].item<double>(), 4 - 0.1, 1e-5);
  EXPECT_NEAR(found.mean[0][1].item<double>(), 5 - 0.1, 1e-5);
  EXPECT_NEAR(found.deviation[0][0].item<double>(), 0.5 * std::exp(0.1), 1e-5);
}

// Rows do not share their moments: what a row becomes does not depend on whom it was visited with.
TEST(PosteriorTable, StepsEachRowAsIfAlone) {
  PosteriorTable together = example(), apart = example();
  for (int i = 0; i < 5; ++i) {
    step(together, rows({0, 1, 3}), 0.05);
    for (const int64_t row : {0, 1, 3}) step(apart, rows({row}), 0.05);
  }
  EXPECT_TRUE(at::allclose(together.values, apart.values, 1e-6, 1e-7));
}

TEST(PosteriorTable, FindsTheMinimum) {
  PosteriorTable table = example();
  for (int i = 0; i < 600; ++i) step(table, at::arange(5, at::kLong), 0.1 * (1 - i / 600.0));
  const DiagonalGaussian found = table.rows(at::arange(5, at::kLong));
  EXPECT_TRUE(at::allclose(found.mean, at::ones({5, 2}), 0, 0.02));
  EXPECT_TRUE(at::allclose(found.deviation, at::ones({5, 2}), 0, 0.02));
}

TEST(PosteriorTable, ForgetsTheMomentsOfReassignedRows) {
  PosteriorTable table = example();
  step(table, rows({0, 1}), 0.1);
  table.assign(rows({1}), {at::zeros({1, 2}), at::ones({1, 2})});
  EXPECT_EQ(table.steps[1].item<float>(), 0);
  EXPECT_EQ(table.first_moment[1].abs().max().item<float>(), 0);
  EXPECT_EQ(table.steps[0].item<float>(), 1);
}

TEST(FrozenParameters, GetNoGradientsWhileItLives) {
  ParameterSet parameters(1);
  const Tensor w = parameters.constant("w", {2}, 1);
  {
    const FrozenParameters frozen(parameters);
    EXPECT_FALSE(w.requires_grad());
  }
  EXPECT_TRUE(w.requires_grad());
}

}  // namespace
}  // namespace cryomer
