// STAR files as RELION writes them (3.0, 3.1, 5): named tables of text cells, one row per line. Tables,
// columns and cells that nobody here knows are kept in their order, so a file can be read, changed and
// written back without loss of values. Kept as well: the comment lines before a table ("# version 30001",
// which RELION reads). Not kept: other comments, blank lines, the spacing. Not read: several loops in one
// data_ block, save frames (mmCIF and NMR-STAR have them, RELION not).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cryomer {

class StarTable {
 public:
  std::string name;                   // "particles" for data_particles; may be empty
  std::vector<std::string> comments;  // the lines before data_, without their '#': " version 30001"
  std::vector<std::string> columns;   // without the leading underscore: "rlnImageName"
  bool is_loop = true;                // false: one row, written as pairs "_rlnImageSize 64"

  int64_t row_count() const {
    return columns.empty() ? 0 : static_cast<int64_t>(cells_.size() / columns.size());
  }
  int column(std::string_view column_name) const;  // -1 when absent
  bool has(std::string_view column_name) const { return column(column_name) >= 0; }
  const std::string& cell(int64_t row, int column) const { return cells_[row * columns.size() + column]; }
  void set_cell(int64_t row, int column, std::string text) {
    cells_[row * columns.size() + column] = std::move(text);
  }
  // Appends a column (or finds it) and returns its index; new cells are empty.
  int add_column(const std::string& column_name);
  void remove_column(int column);
  void add_row(std::vector<std::string> row);  // fails when the number of cells does not fit
  void reserve_rows(int64_t count) { cells_.reserve(count * columns.size()); }

  // Where a cell stands, for messages: "particles.star: data_particles row 12 (line 45), column
  // _rlnDefocusU".
  std::string where(int64_t row, int column) const;
  double number(int64_t row, int column) const;    // fails with where() when the cell is not a finite number
  int64_t integer(int64_t row, int column) const;  // likewise for a whole number ("3" or "3.000000")

  std::string source;             // file name, for messages
  std::vector<int64_t> row_line;  // line of each row in the file; empty when made in memory

 private:
  std::vector<std::string> cells_;  // row-major
};

struct StarFile {
  std::vector<StarTable> tables;

  StarTable* find(std::string_view name);
  const StarTable* find(std::string_view name) const;
};

StarFile read_star(const std::string& path);
StarFile parse_star(std::string_view text, const std::string& source);
// Loops are aligned in columns; text with blanks, or empty, is quoted; text of several lines stands between
// semicolons.
void write_star(const std::string& path, const StarFile& file);
std::string star_text(const StarFile& file);

}  // namespace cryomer
