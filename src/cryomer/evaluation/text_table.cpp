#include "cryomer/evaluation/text_table.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/format.h"

namespace cryomer {

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> width;
  for (const auto& row : rows) {
    width.resize(std::max(width.size(), row.size()), 0);
    for (size_t k = 0; k < row.size(); ++k) width[k] = std::max(width[k], row[k].size());
  }
  std::string text;
  for (const auto& row : rows) {
    text += formatted("  {:<{}}", row[0], width[0]);
    for (size_t k = 1; k < row.size(); ++k) text += formatted("  {:>{}}", row[k], width[k]);
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

std::string percent(double fraction) {
  return std::isnan(fraction) ? "-" : formatted("{:.1f} %", 100 * fraction);
}
std::string share(double fraction) {
  return std::isnan(fraction) ? "-" : formatted("{:.2f} %", 100 * fraction);
}
std::string length(double value) {
  return std::isnan(value) ? "-" : formatted("{:.2f}", value);
}
std::string ratio(double value) {
  return std::isnan(value) ? "-" : formatted("{:.3f}", value);
}
std::string plus_minus(double error) {
  return std::isnan(error) ? "" : formatted("+- {:.2f}", kHalfInterval * error);
}

}  // namespace cryomer
