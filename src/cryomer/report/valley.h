// Where a distribution with two peaks parts.
#pragma once

#include <optional>
#include <vector>

namespace cryomer {

// The lowest point between the two peaks of a smoothed histogram that are best parted, or nothing when there is one peak only:
// the valley must be below 0.7 of the lower peak, and either side must hold at least a twentieth of the values. Smoothing is by
// a normal distribution of Silverman's (1986) width, 0.9 min(deviation, interquartile range / 1.34) n^(-1/5).
std::optional<double> valley_of(std::vector<double> values);

}  // namespace cryomer
