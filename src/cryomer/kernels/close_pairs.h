// Pairs of points that are near each other, found by sorting the points into cells.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace cryomer {

// Scratch memory of one thread.
struct ClosePairWorkspace {
  std::vector<int> cell, first, order;
  std::vector<float> sorted;
};

// Calls visit(i, j, difference x_i - x_j [3], its square) once for each pair nearer than `cutoff` (A), in no particular order. points
// [count][3]; none is visited where a point is no number or farther out than a kilometre.
template <class Visit>
void for_each_close_pair(const float* points, int count, float cutoff, ClosePairWorkspace& w, const Visit& visit) {
  constexpr int kMostCells = 64;  // an axis: an exploded structure gets larger cells, not more of them
  constexpr float kFarthest = 1e13f;
  if (count == 0) return;
  float low[3], high[3];
  bool finite = true;
  for (int k = 0; k < 3; ++k) low[k] = high[k] = points[k];
  for (int i = 0; i < count; ++i) {
    for (int k = 0; k < 3; ++k) {
      const float value = points[3 * i + k];
      finite &= std::abs(value) < kFarthest;
      low[k] = std::min(low[k], value);
      high[k] = std::max(high[k], value);
    }
  }
  if (!finite) return;
  int cells[3];
  float per_length[3];
  for (int k = 0; k < 3; ++k) {
    const float extent = high[k] - low[k];
    cells[k] = static_cast<int>(std::clamp(extent / cutoff, 1.0f, float(kMostCells)));
    per_length[k] = extent > 0 ? static_cast<float>(cells[k]) / extent : 0;
  }
  w.cell.resize(size_t(count));
  w.order.resize(size_t(count));
  w.sorted.resize(3 * size_t(count));
  // While sorting, entry c + 1 is where the next point of cell c goes; in the end entry c is where cell c begins.
  w.first.assign(size_t(cells[0]) * cells[1] * cells[2] + 2, 0);
  for (int i = 0; i < count; ++i) {
    int at[3];
    for (int k = 0; k < 3; ++k) at[k] = std::min(static_cast<int>((points[3 * i + k] - low[k]) * per_length[k]), cells[k] - 1);
    w.cell[size_t(i)] = (at[2] * cells[1] + at[1]) * cells[0] + at[0];
    ++w.first[size_t(w.cell[size_t(i)]) + 2];
  }
  for (size_t c = 2; c < w.first.size(); ++c) w.first[c] += w.first[c - 1];
  for (int i = 0; i < count; ++i) {
    const int place = w.first[size_t(w.cell[size_t(i)]) + 1]++;
    w.order[size_t(place)] = i;
    std::copy_n(points + 3 * size_t(i), 3, w.sorted.data() + 3 * size_t(place));
  }
  for (int p = 0; p < count; ++p) {
    const int i = w.order[size_t(p)], cell = w.cell[size_t(i)];
    const int column = cell % cells[0], line = cell / cells[0] % cells[1], plane = cell / (cells[0] * cells[1]);
    const float* const a = w.sorted.data() + 3 * size_t(p);
    // What follows in its own row of cells, then the rows that come later: cells beside each other in a row are beside each other in memory.
    for (int dz = 0; dz <= 1; ++dz) {
      for (int dy = dz == 0 ? 0 : -1; dy <= 1; ++dy) {
        const int y = line + dy, z = plane + dz;
        if (y < 0 || y >= cells[1] || z >= cells[2]) continue;
        const int row = (z * cells[1] + y) * cells[0];
        const int begin = dz == 0 && dy == 0 ? p + 1 : w.first[size_t(row + std::max(column - 1, 0))];
        const int end = w.first[size_t(row + std::min(column + 1, cells[0] - 1)) + 1];
        for (int q = begin; q < end; ++q) {
          const float* const b = w.sorted.data() + 3 * size_t(q);
          const float d[3] = {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
          const float square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
          if (square < cutoff * cutoff) visit(i, w.order[size_t(q)], d, square);
        }
      }
    }
  }
}

}  // namespace cryomer
