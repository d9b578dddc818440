#include "cryomer/evaluation/assignment.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer {
namespace {

double cheapest_by_trying_all(const std::vector<double>& costs, int n) {
  std::vector<int> order(n);
  std::iota(order.begin(), order.end(), 0);
  double least = std::numeric_limits<double>::infinity();
  do {
    double cost = 0;
    for (int i = 0; i < n; ++i) cost += costs[i * n + order[i]];
    least = std::min(least, cost);
  } while (std::next_permutation(order.begin(), order.end()));
  return least;
}

// The certificate proves that no assignment is cheaper.
template <class Cost>
void expect_optimal(const std::vector<Cost>& costs, int64_t n, const char* what) {
  const Assignment found = solve_assignment(costs.data(), n);
  double scale = 0;
  for (const Cost c : costs) scale = std::max(scale, std::abs(static_cast<double>(c)));
  const double tolerance = 1e-12 * scale;
  std::vector<int> used(n, 0);
  double cost = 0, prices = 0, least_reduced = 0;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t j = found.column_of_row[i];
    ASSERT_GE(j, 0) << what;
    ASSERT_LT(j, n) << what;
    ++used[j];
    cost += costs[i * n + j];
    prices += found.row_price[i] + found.column_price[i];
    EXPECT_NEAR(costs[i * n + j], found.row_price[i] + found.column_price[j], tolerance) << what;
    for (int64_t k = 0; k < n; ++k) {
      least_reduced = std::min(least_reduced, costs[i * n + k] - found.row_price[i] - found.column_price[k]);
    }
  }
  EXPECT_GE(least_reduced, -tolerance) << what;
  EXPECT_EQ(std::count(used.begin(), used.end(), 1), n) << what;
  EXPECT_NEAR(found.cost, cost, tolerance * n) << what;
  EXPECT_NEAR(found.cost, prices, tolerance * n) << what;
}

TEST(Assignment, IsTheCheapestOfAll) {
  Random random(1);
  for (int trial = 0; trial < 300; ++trial) {
    const int n = 1 + trial % 8;
    std::vector<double> costs(n * n);
    // Few distinct values in some trials, so that ties abound; negative ones in others.
    for (double& c : costs)
      c = trial % 3 == 0 ? static_cast<double>(random.below(4)) : 10 * random.uniform() - 5;
    EXPECT_NEAR(solve_assignment(costs.data(), n).cost, cheapest_by_trying_all(costs, n), 1e-12)
        << "trial " << trial;
    const std::vector<float> singles(costs.begin(), costs.end());
    EXPECT_NEAR(solve_assignment(singles.data(), n).cost, cheapest_by_trying_all(costs, n), 1e-5)
        << "trial " << trial;
    expect_optimal(costs, n, "small");
  }
}

TEST(Assignment, CarriesItsProofForLargeMatrices) {
  Random random(2);
  const int64_t n = 300;
  std::vector<float> costs(n * n);
  for (float& c : costs) c = static_cast<float>(random.uniform());
  expect_optimal(costs, n, "uniform");
  for (float& c : costs) c = static_cast<float>(random.below(5)) - 2;
  expect_optimal(costs, n, "five values");
  for (int64_t k = 0; k < n * n; ++k) costs[k] = static_cast<float>((k / n) * (k % n));
  expect_optimal(costs, n, "products");
  std::vector<double> x(3 * n), y(3 * n);
  for (double& v : x) v = random.normal();
  for (double& v : y) v = 0.3 * random.normal();
  for (int64_t k = 0; k < n * n; ++k) {
    double square = 0;
    for (int d = 0; d < 3; ++d) square += std::pow(x[3 * (k / n) + d] - y[3 * (k % n) + d], 2);
    costs[k] = static_cast<float>(std::sqrt(square));
  }
  expect_optimal(costs, n, "distances");
  for (int64_t k = 0; k < n * n; ++k) costs[k] = static_cast<float>(std::abs(x[k / n] - y[k % n]));
  expect_optimal(costs, n, "distances on a line");
}

// An ensemble that has collapsed to one conformation gives rows that are all the same.
TEST(Assignment, TakesEqualRowsColumnsAndEntries) {
  Random random(3);
  const int64_t n = 200;
  std::vector<double> line(n), costs(n * n);
  for (double& v : line) v = random.uniform();
  for (int64_t k = 0; k < n * n; ++k) costs[k] = line[k % n];
  expect_optimal(costs, n, "equal rows");
  for (int64_t k = 0; k < n * n; ++k) costs[k] = line[k / n];
  expect_optimal(costs, n, "equal columns");
  for (int64_t k = 0; k < n * n; ++k) costs[k] = line[k % n] + 1e-9 * random.uniform();
  expect_optimal(costs, n, "almost equal rows");
  costs.assign(n * n, -3.5);
  expect_optimal(costs, n, "one value");
  costs.assign(n * n, 0);
  expect_optimal(costs, n, "zero");
}

TEST(Assignment, TakesHugeAndTinyCosts) {
  Random random(4);
  const int64_t n = 60;
  std::vector<double> costs(n * n);
  for (const double scale : {1e-300, 1e-12, 1e12, 1e300}) {
    for (double& c : costs) c = scale * (random.uniform() - 0.5);
    expect_optimal(costs, n, "scaled");
  }
  for (double& c : costs) c = 1e9 + 1e-7 * random.uniform();
  expect_optimal(costs, n, "small differences of large numbers");
}

TEST(Assignment, RefusesCostsThatAreNotNumbers) {
  std::vector<float> costs = {1, 2, 3, 4};
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    costs[2] = bad;
    const std::string message = testing::error_of([&] { solve_assignment(costs.data(), 2); });
    EXPECT_NE(message.find("row 1, column 0"), std::string::npos) << message;
  }
  testing::error_of([&] { solve_assignment(costs.data(), 0); });
}

}  // namespace
}  // namespace cryomer
