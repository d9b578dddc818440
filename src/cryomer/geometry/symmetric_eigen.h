// Eigenvalues and eigenvectors of a small symmetric matrix by cyclic Jacobi rotations (Golub & Van Loan, 8.5). For
// large matrices use libtorch.
#pragma once

#include <vector>

namespace cryomer {

struct SymmetricEigen {
  std::vector<double> values;   // [n] ascending
  std::vector<double> vectors;  // [n][n], row i belongs to values[i]
};

SymmetricEigen symmetric_eigen(std::vector<double> matrix, int n);

}  // namespace cryomer
