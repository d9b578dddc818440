// How often each state is visited, as the particles, the learned distribution and the truth say it.
#pragma once

#include <string>
#include <vector>

#include "cryomer/report/color_ramp.h"

namespace cryomer {

struct OccupancySeries {
  std::string name;
  Tone tone = Tone::learned;
  std::vector<double> shares;  // one per state
};

struct Occupancies {
  std::string remark;                // where the cuts come from
  std::vector<std::string> states;
  std::vector<OccupancySeries> series;
};

// Bars, state by state; states that no series visits are left out.
std::string occupancy_svg(const Occupancies& occupancies, double width);

}  // namespace cryomer
