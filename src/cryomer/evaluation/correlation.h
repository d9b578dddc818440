// How closely two lists of values follow each other.
#pragma once

#include <vector>

namespace cryomer {

// Pearson's correlation; NaN when either side does not vary.
double pearson_r(const std::vector<double>& x, const std::vector<double>& y);
// Spearman's: the same of the ranks, ties sharing theirs.
double rank_correlation(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace cryomer
