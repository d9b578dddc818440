// The one-to-one assignment of rows to columns with the least total cost, exactly. An auction with shrinking
// increments (Bertsekas 1988) finds prices that are almost right; augmenting row reduction and shortest
// augmenting paths (Jonker and Volgenant 1987) make them and the assignment exact.
#pragma once

#include <cstdint>
#include <vector>

namespace cryomer {

struct Assignment {
  std::vector<int64_t> column_of_row;
  double cost = 0;  // sum of the chosen entries
  // The certificate: cost[i][j] - row_price[i] - column_price[j] is nowhere negative and zero where assigned,
  // up to rounding in double precision. No assignment costs less than the sum of all prices.
  std::vector<double> row_price, column_price;
};

// `costs` is [n][n], finite, of any sign. Ties are broken deterministically. n = 2048: 0.2 s on matrices of
// RMSDs; O(n^3) at worst. Runs on the calling thread.
Assignment solve_assignment(const float* costs, int64_t n);
Assignment solve_assignment(const double* costs, int64_t n);

}  // namespace cryomer
