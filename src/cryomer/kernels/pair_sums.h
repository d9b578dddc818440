// Sums over pairs of points of a function of their distance that is read from a table. One plain loop: it waits for the table, and
// what compilers make of it with wider instructions is no faster.
#pragma once

#include <cstddef>
#include <vector>

namespace cryomer {

// A function of the distance, linear in its square between two entries; zero from the last on.
struct PairFunction {
  double step = 0.25;        // A^2
  std::vector<float> value;  // at 0, step, 2 step, ..; two at least, the last of them zero

  double operator()(double distance) const;
};

// Over all pairs a < b of the points x, y, z [count] A.
double sum_over_pairs(const PairFunction& function, const float* x, const float* y, const float* z, size_t count);

}  // namespace cryomer
