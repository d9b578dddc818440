#include "cryomer/report/color_ramp.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/format.h"

namespace cryomer {

std::string ramp_color(double share) {
  constexpr int kStops = 5;
  constexpr double stops[kStops][3] = {{42, 100, 176}, {98, 148, 190}, {160, 158, 150}, {222, 146, 62}, {224, 96, 12}};
  if (!(share > 0)) share = 0;  // NaN too
  const double place = std::min(share, 1.0) * (kStops - 1);
  const int first = std::min(static_cast<int>(place), kStops - 2);
  const double part = place - first;
  int rgb[3];
  for (int k = 0; k < 3; ++k) rgb[k] = static_cast<int>(std::lround(stops[first][k] * (1 - part) + stops[first + 1][k] * part));
  return formatted("#{:02x}{:02x}{:02x}", rgb[0], rgb[1], rgb[2]);
}

std::string class_of(Tone tone) {
  switch (tone) {
    case Tone::learned: return "learned";
    case Tone::truth: return "truth";
    case Tone::second: return "second";
    case Tone::quiet: break;
  }
  return "quiet";
}

}  // namespace cryomer
