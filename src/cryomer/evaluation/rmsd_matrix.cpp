#include "cryomer/evaluation/rmsd_matrix.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "cryomer/base/error.h"
#include "cryomer/base/stop.h"
#include "cryomer/evaluation/conformations.h"
#include "cryomer/geometry/superpose.h"
#include "cryomer/geometry/symmetric_eigen.h"

namespace cryomer {

namespace {

constexpr int64_t kBlock = 256;            // conformations on each side of one matrix product
constexpr int64_t kRowPanels = 8;          // panels of rows in memory at a time
constexpr int64_t kReferenceMembers = 64;  // conformations of each set that the reference is the mean of
// Pairs whose RMSD may be wrong by more than this (A) get their squared deviation summed atom by atom.
constexpr double kTolerance = 2e-5;

// Conformations superposed onto the reference, as deviations from it, in the layout of the matrix product.
struct Panel {
  int64_t first = 0, count = 0;   // of the set's conformations
  std::vector<float> deviations;  // [3][count][atoms], A
  std::vector<double> square;     // [count], sum of |d|^2
  std::vector<Mat3> cross;        // [count], sum of d r^T
};

struct Reference {
  std::vector<float> positions;  // [atoms][3], A, centred
  Mat3 second_moment;            // sum of r r^T
};

// Centred coordinates of a conformation rotated onto `target`.
void superposed(const float* conformation, const float* target, int64_t atoms, double* result) {
  Vec3 centre;
  for (int64_t a = 0; a < atoms; ++a) {
    centre += Vec3{conformation[3 * a], conformation[3 * a + 1], conformation[3 * a + 2]};
  }
  centre = (1.0 / static_cast<double>(atoms)) * centre;
  const Mat3 rotation = superpose(conformation, target, static_cast<size_t>(atoms)).transform.rotation;
  for (int64_t a = 0; a < atoms; ++a) {
    const Vec3 x =
        rotation * (Vec3{conformation[3 * a], conformation[3 * a + 1], conformation[3 * a + 2]} - centre);
    for (int k = 0; k < 3; ++k) result[3 * a + k] = x[k];
  }
}

// The mean of some conformations of both sets keeps the deviations small, and with them the rounding of the
// product.
Reference common_reference(const Ensemble& rows, const Ensemble& columns) {
  const int64_t atoms = columns.atom_count;
  std::vector<double> mean(3 * atoms), moved(3 * atoms);
  const float* target = columns.conformation(0);
  int64_t members = 0;
  for (const Ensemble* set : {&rows, &columns}) {
    const int64_t taken = std::min(set->size(), kReferenceMembers);
    for (int64_t k = 0; k < taken; ++k) {
      superposed(set->conformation(k * set->size() / taken), target, atoms, moved.data());
      for (int64_t i = 0; i < 3 * atoms; ++i) mean[i] += moved[i];
      ++members;
    }
  }
  Reference reference;
  reference.positions.resize(3 * atoms);
  for (int64_t i = 0; i < 3 * atoms; ++i) {
    reference.positions[i] = static_cast<float>(mean[i] / static_cast<double>(members));
  }
  reference.second_moment = {{0, 0, 0, 0, 0, 0, 0, 0, 0}};
  for (int64_t a = 0; a < atoms; ++a) {
    const float* r = &reference.positions[3 * a];
    for (int p = 0; p < 3; ++p) {
      for (int q = 0; q < 3; ++q) reference.second_moment(p, q) += static_cast<double>(r[p]) * r[q];
    }
  }
  return reference;
}

Panel make_panel(const Ensemble& ensemble, int64_t first, int64_t count, const Reference& reference) {
  const int64_t atoms = ensemble.atom_count;
  Panel panel;
  panel.first = first;
  panel.count = count;
  panel.deviations.resize(3 * count * atoms);
  panel.square.resize(count);
  panel.cross.resize(count);
  at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    std::vector<double> moved(3 * atoms);
    for (int64_t i = begin; i < end; ++i) {
      superposed(ensemble.conformation(first + i), reference.positions.data(), atoms, moved.data());
      double square = 0;
      Mat3 cross{{0, 0, 0, 0, 0, 0, 0, 0, 0}};
      for (int64_t a = 0; a < atoms; ++a) {
        const float* r = &reference.positions[3 * a];
        for (int p = 0; p < 3; ++p) {
          // The rounded deviation is what the sums use too, so rounding moves the atom but does not make them
          // disagree.
          const float d = static_cast<float>(moved[3 * a + p] - r[p]);
          panel.deviations[(p * count + i) * atoms + a] = d;
          square += static_cast<double>(d) * d;
          for (int q = 0; q < 3; ++q) cross(p, q) += static_cast<double>(d) * r[q];
        }
      }
      panel.square[i] = square;
      panel.cross[i] = cross;
    }
  });
  return panel;
}

// Smallest eigenvalue of the positive semi-definite matrix [[corner, b^T], [b, B]], B given by its upper
// triangle. Newton's method from zero on the characteristic polynomial rises monotonically to the smallest
// root.
double smallest_eigenvalue(double corner, const double b[3], double b00, double b11, double b22, double b01,
                           double b02, double b12) {
  const double adj00 = b11 * b22 - b12 * b12, adj11 = b00 * b22 - b02 * b02, adj22 = b00 * b11 - b01 * b01;
  const double adj01 = b02 * b12 - b01 * b22, adj02 = b01 * b12 - b02 * b11, adj12 = b01 * b02 - b12 * b00;
  const double det_b = b00 * adj00 + b01 * adj01 + b02 * adj02;
  const double trace_b = b00 + b11 + b22, minors_b = adj00 + adj11 + adj22;
  const double x = b[0] * b[0], y = b[1] * b[1], z = b[2] * b[2];
  const double xy = b[0] * b[1], xz = b[0] * b[2], yz = b[1] * b[2];
  const double c3 = corner + trace_b;
  const double c2 = minors_b + corner * trace_b - (x + y + z);
  const double c1 =
      det_b + corner * minors_b -
      (x * (b11 + b22) + y * (b00 + b22) + z * (b00 + b11) - 2 * (xy * b01 + xz * b02 + yz * b12));
  const double c0 =
      corner * det_b - (x * adj00 + y * adj11 + z * adj22 + 2 * (xy * adj01 + xz * adj02 + yz * adj12));
  // Conformations of a protein need four steps. Where roots coincide (points on a line or in one place, some
  // mirror images) the steps only shrink by a factor, and near the root rounding would pass for convergence.
  double root = 0;
  for (int step = 0; step < 12; ++step) {
    const double value = (((root - c3) * root + c2) * root - c1) * root + c0;
    const double slope = ((4 * root - 3 * c3) * root + 2 * c2) * root - c1;
    if (!(slope < 0)) break;
    const double change = -value / slope;
    root += change;
    if (std::abs(change) <= 1e-7 * root || std::abs(change) <= 1e-17 * c3) return std::max(root, 0.0);
  }
  const SymmetricEigen eigen = symmetric_eigen(
      {corner, b[0], b[1], b[2], b[0], b00, b01, b02, b[1], b01, b11, b12, b[2], b02, b12, b22}, 4);
  return std::max(eigen.values[0], 0.0);
}

double summed_square_difference(const Panel& x, int64_t i, const Panel& y, int64_t j, int64_t atoms) {
  double sum = 0;
  for (int p = 0; p < 3; ++p) {
    const float* d = &x.deviations[(p * x.count + i) * atoms];
    const float* e = &y.deviations[(p * y.count + j) * atoms];
    for (int64_t first = 0; first < atoms; first += 64) {
      float part = 0;
      for (int64_t a = first; a < std::min(first + 64, atoms); ++a) part += (d[a] - e[a]) * (d[a] - e[a]);
      sum += part;
    }
  }
  return sum;
}

// RMSDs of row i of x against all of y; product is [3][x.count][3][y.count], sums of d_p e_q.
void rmsd_row(const Panel& x, int64_t i, const Panel& y, const float* product, const Reference& reference,
              int64_t atoms, float* rmsd) {
  const Mat3& r = reference.second_moment;
  const Mat3& n = x.cross[i];
  const double trace_r = trace(r), trace_n = trace(n);
  const double per_atom = 1.0 / static_cast<double>(atoms);
  const int64_t m = y.count;
  const float* p[3][3];
  for (int a = 0; a < 3; ++a) {
    for (int b = 0; b < 3; ++b) p[a][b] = product + ((a * x.count + i) * 3 + b) * m;
  }
  // A product of single precision is wrong by a few units in its last place of |d| |e|.
  const double rounding = 4 * std::numeric_limits<float>::epsilon() * std::sqrt(x.square[i]) * per_atom;
  for (int64_t j = 0; j < m; ++j) {
    const Mat3& o = y.cross[j];
    // Correlation of the pair, sum of (r + e) (r + d)^T.
    double c[3][3];
    for (int a = 0; a < 3; ++a) {
      for (int b = 0; b < 3; ++b) c[a][b] = r(a, b) + n(b, a) + o(a, b) + p[b][a][j];
    }
    const double product_trace = static_cast<double>(p[0][0][j]) + p[1][1][j] + p[2][2][j];
    const double squares = 0.5 * (x.square[i] + y.square[j]);
    // Half the summed squares of both conformations, plus the trace of their correlation.
    const double sum = 2 * (trace_r + trace_n + trace(o)) + squares + product_trace;
    const double b[3] = {c[1][2] - c[2][1], c[2][0] - c[0][2], c[0][1] - c[1][0]};
    double corner = squares - product_trace;
    const auto mean_square = [&] {
      return 2 * per_atom *
             smallest_eigenvalue(corner, b, sum - 2 * c[0][0], sum - 2 * c[1][1], sum - 2 * c[2][2],
                                 -(c[0][1] + c[1][0]), -(c[0][2] + c[2][0]), -(c[1][2] + c[2][1]));
    };
    double square = mean_square();
    const double error = rounding * std::sqrt(y.square[j]);
    if (square * (kTolerance * kTolerance) < 0.25 * error * error) {
      corner = 0.5 * summed_square_difference(x, i, y, j, atoms);
      square = mean_square();
    }
    rmsd[j] = static_cast<float>(std::sqrt(square));
  }
}

}  // namespace

RmsdMatrix rmsd_matrix(const Ensemble& rows, const Ensemble& columns) {
  require_usable(rows, "set of rows");
  require_usable(columns, "set of columns");
  if (rows.atom_count != columns.atom_count) {
    fail("rmsd_matrix: conformations of {} and of {} atoms cannot be compared", rows.atom_count,
         columns.atom_count);
  }
  const int64_t atoms = rows.atom_count;
  const Reference reference = common_reference(rows, columns);
  const auto panels_of = [&](const Ensemble& set, int64_t first, int64_t end) {
    std::vector<Panel> panels;
    for (int64_t i = first; i < end; i += kBlock) {
      panels.push_back(make_panel(set, i, std::min(kBlock, end - i), reference));
    }
    return panels;
  };
  const auto as_matrix = [&](Panel& panel) {
    return at::from_blob(panel.deviations.data(), {3 * panel.count, atoms}, at::kFloat);
  };

  RmsdMatrix result{rows.size(), columns.size(), std::vector<float>(rows.size() * columns.size())};
  std::vector<Panel> y_panels = panels_of(columns, 0, columns.size());
  for (int64_t first = 0; first < rows.size(); first += kRowPanels * kBlock) {
    std::vector<Panel> x_panels = panels_of(rows, first, std::min(first + kRowPanels * kBlock, rows.size()));
    // A thread works on one pair of panels at a time, so that the product of 2 MB is still in its cache when
    // the RMSDs are taken from it, and nobody waits for a busy core.
    const auto pairs = static_cast<int64_t>(x_panels.size() * y_panels.size());
    std::atomic<int64_t> next{0};
    at::parallel_for(0, std::min<int64_t>(at::get_num_threads(), pairs), 1, [&](int64_t, int64_t) {
      for (int64_t pair = next++; pair < pairs; pair = next++) {
        if (stop_requested()) throw Interrupted("stopped while comparing conformations");
        Panel& x = x_panels[pair / y_panels.size()];
        Panel& y = y_panels[pair % y_panels.size()];
        const at::Tensor product = at::mm(as_matrix(x), as_matrix(y).t());
        for (int64_t i = 0; i < x.count; ++i) {
          rmsd_row(x, i, y, product.data_ptr<float>(), reference, atoms,
                   &result.values[(x.first + i) * result.columns + y.first]);
        }
      }
    });
  }
  return result;
}

}  // namespace cryomer
