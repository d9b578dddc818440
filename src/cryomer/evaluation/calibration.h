// Whether posterior samples are as uncertain as they should be: how often the truth lies in their central
// intervals.
#pragma once

#include <cstdint>
#include <vector>

namespace cryomer {

inline constexpr double kCalibrationLevels[] = {0.5, 0.8, 0.95};

// Fraction of particles whose true value lies in the central interval of probability `level` of its samples,
// to be compared with `level`. samples is [particles][per_particle], truth [particles].
//
// If truth and samples come from one distribution, the truth's rank r among K samples is uniform on 0..K,
// whatever the distribution. Rank r stands for the stretch [r, r + 1] / (K + 1) of probability, and counts by
// the part of it inside the interval (ties with samples share their ranks). So a perfect posterior has
// coverage `level` for any K, without the bias of sample quantiles at small K.
double interval_coverage(const std::vector<double>& samples, int64_t per_particle,
                         const std::vector<double>& truth, double level);

}  // namespace cryomer
