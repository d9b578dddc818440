#include "cryomer/data/half_set.h"

#include "cryomer/base/error.h"

namespace cryomer {

StarTable half_set(const StarTable& particles, int half) {
  if (half != 1 && half != 2) fail("half {} of {} asked for, expected 1 or 2", half, particles.source);
  const int64_t rows = particles.row_count();
  const int subset = particles.column("rlnRandomSubset");
  int64_t in_half[3] = {0, 0, 0};
  std::vector<int> half_of(rows);
  for (int64_t row = 0; row < rows && subset >= 0; ++row) {
    const int64_t value = particles.integer(row, subset);
    half_of[row] = value == 1 || value == 2 ? int(value) : 0;
    ++in_half[half_of[row]];
  }
  if (in_half[1] == 0 || in_half[2] == 0) {
    for (int64_t row = 0; row < rows; ++row) half_of[row] = 1 + int(row % 2);
  }
  StarTable result;
  result.name = particles.name;
  result.comments = particles.comments;
  result.columns = particles.columns;
  result.source = particles.source;
  for (int64_t row = 0; row < rows; ++row) {
    if (half_of[row] != half) continue;
    std::vector<std::string> cells;
    for (int c = 0; c < int(particles.columns.size()); ++c) cells.push_back(particles.cell(row, c));
    result.add_row(std::move(cells));
    if (row < int64_t(particles.row_line.size())) result.row_line.push_back(particles.row_line[row]);
  }
  if (result.row_count() == 0) fail("{}: half {} of {} particles is empty", particles.source, half, rows);
  return result;
}

}  // namespace cryomer
