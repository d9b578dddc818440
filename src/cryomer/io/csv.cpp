#include "cryomer/io/csv.h"

#include <algorithm>
#include <limits>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/text.h"

namespace cryomer {

int CsvTable::index_of(const std::string& column) const {
  const auto found = std::find(columns.begin(), columns.end(), column);
  return found == columns.end() ? -1 : static_cast<int>(found - columns.begin());
}

std::vector<double> CsvTable::numbers(const std::string& column) const {
  std::vector<double> values;
  for (const std::string& text : texts(column)) {
    values.push_back(parse_double(text).value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  return values;
}

std::vector<std::string> CsvTable::texts(const std::string& column) const {
  std::vector<std::string> values;
  const int index = index_of(column);
  if (index < 0) return values;
  for (const auto& row : rows) values.push_back(row[index]);
  return values;
}

CsvTable read_csv(const std::string& path) {
  const std::string text = read_file(path);
  std::vector<std::string> lines = split(text, '\n');
  lines.pop_back();  // what follows the last newline: nothing, or a line that is not finished
  CsvTable table;
  int number = 0;
  for (const std::string& line : lines) {
    ++number;
    if (trimmed(line).empty()) continue;
    std::vector<std::string> cells;
    for (const std::string& cell : split(line, ',')) cells.emplace_back(trimmed(cell));
    if (table.columns.empty()) {
      table.columns = std::move(cells);
    } else if (cells.size() != table.columns.size()) {
      fail("{} line {}: {} cells, but the header names {} columns", path, number, cells.size(), table.columns.size());
    } else {
      table.rows.push_back(std::move(cells));
    }
  }
  if (table.columns.empty()) fail("{}: no header line", path);
  return table;
}

}  // namespace cryomer
