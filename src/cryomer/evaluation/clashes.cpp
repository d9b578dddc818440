#include "cryomer/evaluation/clashes.h"

#include <algorithm>
#include <cmath>

namespace cryomer {

namespace {

constexpr double kDisulphide = 2.5;  // A
// Cells per axis at most: an exploded conformation gets larger cells, not more of them.
constexpr int kMostCells = 64;

}  // namespace

template <class Visit>
void ClashCounter::for_each_close_pair(const float* x, double cutoff, Visit visit) const {
  float low[3], high[3];
  for (int k = 0; k < 3; ++k) low[k] = high[k] = x[k];
  for (int i = 1; i < atom_count_; ++i) {
    for (int k = 0; k < 3; ++k) {
      low[k] = std::min(low[k], x[3 * i + k]);
      high[k] = std::max(high[k], x[3 * i + k]);
    }
  }
  int cells[3];
  double per_length[3];
  for (int k = 0; k < 3; ++k) {
    const double extent = static_cast<double>(high[k]) - low[k];
    cells[k] =
        static_cast<int>(std::clamp(std::floor(extent / cutoff), 1.0, static_cast<double>(kMostCells)));
    per_length[k] = extent > 0 ? cells[k] / extent : 0;
  }
  const auto cell_along = [&](int i, int k) {
    return std::min(static_cast<int>((static_cast<double>(x[3 * i + k]) - low[k]) * per_length[k]),
                    cells[k] - 1);
  };
  // Atoms sorted by cell: those of cell c are order[first[c] .. first[c + 1]).
  std::vector<int> cell_of(atom_count_), first(cells[0] * cells[1] * cells[2] + 2, 0), order(atom_count_);
  for (int i = 0; i < atom_count_; ++i) {
    cell_of[i] = (cell_along(i, 2) * cells[1] + cell_along(i, 1)) * cells[0] + cell_along(i, 0);
    ++first[cell_of[i] + 2];
  }
  for (size_t c = 2; c < first.size(); ++c) first[c] += first[c - 1];
  for (int i = 0; i < atom_count_; ++i) order[first[cell_of[i] + 1]++] = i;

  const double limit = cutoff * cutoff;
  for (int i = 0; i < atom_count_; ++i) {
    const int at[3] = {cell_along(i, 0), cell_along(i, 1), cell_along(i, 2)};
    for (int cz = std::max(at[2] - 1, 0); cz <= std::min(at[2] + 1, cells[2] - 1); ++cz) {
      for (int cy = std::max(at[1] - 1, 0); cy <= std::min(at[1] + 1, cells[1] - 1); ++cy) {
        // Neighbours along x are neighbours in the list too.
        const int row = (cz * cells[1] + cy) * cells[0];
        const int end = first[row + std::min(at[0] + 1, cells[0] - 1) + 1];
        for (int k = first[row + std::max(at[0] - 1, 0)]; k < end; ++k) {
          const int j = order[k];
          if (j <= i) continue;
          double square = 0;
          for (int axis = 0; axis < 3; ++axis) {
            const double d = static_cast<double>(x[3 * i + axis]) - x[3 * j + axis];
            square += d * d;
          }
          if (square < limit) visit(i, j, square);
        }
      }
    }
  }
}

ClashCounter::ClashCounter(const Structure& base, double cutoff)
    : cutoff_(cutoff), atom_count_(base.atom_count()) {
  for (const Atom& atom : base.atoms) residue_.push_back(atom.residue);
  for (const Residue& residue : base.residues) bonded_to_previous_.push_back(residue.bonded_to_previous);
  if (atom_count_ == 0) return;
  const auto is_other = [&](int i) { return base.residues[residue_[i]].kind == ResidueKind::other; };
  const auto is_sulphur = [&](int i) { return base.atoms[i].atomic_number == 16; };
  for_each_close_pair(
      base.coordinates().data(), std::max(cutoff, kDisulphide), [&](int i, int j, double square) {
        const bool disulphide = is_sulphur(i) && is_sulphur(j) && square < kDisulphide * kDisulphide;
        if (disulphide || ((is_other(i) || is_other(j)) && square < cutoff * cutoff))
          joined_.emplace_back(i, j);
      });
  std::sort(joined_.begin(), joined_.end());
}

int64_t ClashCounter::count(const float* coordinates) const {
  if (atom_count_ == 0) return 0;
  int64_t clashes = 0;
  for_each_close_pair(coordinates, cutoff_, [&](int i, int j, double) {
    const int r = std::min(residue_[i], residue_[j]), s = std::max(residue_[i], residue_[j]);
    if (r == s || (s == r + 1 && bonded_to_previous_[s])) return;
    if (!std::binary_search(joined_.begin(), joined_.end(), std::make_pair(i, j))) ++clashes;
  });
  return clashes;
}

}  // namespace cryomer
