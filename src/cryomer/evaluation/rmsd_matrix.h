// RMSD after optimal rigid superposition (no reflection) between all pairs of two sets of conformations.
//
// The RMSD of a pair follows from the smallest eigenvalue of a 4x4 matrix built from the 3x3 correlation of
// the two conformations (Horn 1987; Theobald 2005 for Newton's method on its characteristic polynomial). All
// correlations come from matrix products. Conformations are first superposed onto one reference r and written
// as r + d: the product is over the deviations d only, all sums with r are in double, and the matrix holds
// half the squared deviation of the pair directly instead of a difference of numbers as large as the moment
// of inertia. So single precision suffices for the product: the result agrees with `superpose` to 1e-5 A for
// every pair, nearly equal ones included; for equal ones it is zero.
#pragma once

#include <cstdint>
#include <vector>

#include "cryomer/structure/ensemble.h"

namespace cryomer {

struct RmsdMatrix {
  int64_t rows = 0, columns = 0;
  std::vector<float> values;  // [rows][columns], A

  float at(int64_t row, int64_t column) const { return values[row * columns + column]; }
};

// Both sets hold the same atoms in the same order. Beyond the result this needs memory for a copy of
// `columns` and of up to 2048 rows. Runs on all threads of libtorch.
RmsdMatrix rmsd_matrix(const Ensemble& rows, const Ensemble& columns);

}  // namespace cryomer
