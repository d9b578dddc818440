// Tables of comma-separated values with a header line, such as a run's metrics.csv. No quoting: cells hold no commas.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cryomer {

class CsvTable {
 public:
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // each as long as `columns`

  int64_t row_count() const { return static_cast<int64_t>(rows.size()); }
  bool has(const std::string& column) const { return index_of(column) >= 0; }
  // Empty when there is no such column; NaN where a cell is not a number.
  std::vector<double> numbers(const std::string& column) const;
  std::vector<std::string> texts(const std::string& column) const;

 private:
  int index_of(const std::string& column) const;
};

// Fails, naming the line, when a row has another number of cells than the header. A last line without its newline is still
// being written and is left out.
CsvTable read_csv(const std::string& path);

}  // namespace cryomer
