#include "cryomer/kernels/pair_sums.h"

#include <cmath>

#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer {
namespace {

PairFunction bell(double sigma, double reach) {
  PairFunction function;
  for (double square = 0; square < reach * reach; square += function.step) function.value.push_back(float(std::exp(-square / (2 * sigma * sigma))));
  function.value.push_back(0);
  return function;
}

TEST(PairSums, AreThoseOfTheFunction) {
  const PairFunction function = bell(2, 12);
  EXPECT_FLOAT_EQ(function(0), 1);
  EXPECT_NEAR(function(2), std::exp(-0.5), 1e-4);
  EXPECT_NEAR(function(2.1), std::exp(-2.1 * 2.1 / 8), 1e-3);
  EXPECT_EQ(function(30), 0);
  for (const size_t count : {0, 1, 2, 17, 140}) {
    Random random(5);
    std::vector<float> x(count), y(count), z(count);
    for (std::vector<float>* axis : {&x, &y, &z}) {
      random.fill_normal(axis->data(), count);
      for (float& value : *axis) value *= 6;
    }
    double expected = 0;
    for (size_t a = 0; a < count; ++a) {
      for (size_t b = 0; b < a; ++b) expected += function(std::sqrt(std::pow(x[a] - x[b], 2) + std::pow(y[a] - y[b], 2) + std::pow(z[a] - z[b], 2)));
    }
    EXPECT_NEAR(sum_over_pairs(function, x.data(), y.data(), z.data(), count), expected, 1e-5 * expected + 1e-6) << count;
  }
}

}  // namespace
}  // namespace cryomer
