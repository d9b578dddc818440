// Tables and numbers for the terminal.
#pragma once

#include <string>
#include <vector>

namespace cryomer {

// Columns as wide as their widest cell; the first is flush left, the others flush right.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

std::string percent(double fraction);  // "12.5 %"; "-" for NaN, as all of these
std::string share(double fraction);    // "0.25 %"
std::string length(double value);      // "1.25"
std::string ratio(double value);       // "0.125"
inline constexpr double kHalfInterval = 1.96;  // standard errors in half of a 95 % interval
std::string plus_minus(double error);  // "+- 0.02": half the width of a 95 % interval, from a standard error

}  // namespace cryomer
