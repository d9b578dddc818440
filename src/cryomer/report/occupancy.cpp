#include "cryomer/report/occupancy.h"

#include "cryomer/base/format.h"
#include "cryomer/report/axis.h"
#include "cryomer/report/svg_text.h"

namespace cryomer {

std::string occupancy_svg(const Occupancies& occupancies, double width) {
  constexpr double kBar = 11, kPitch = 15, kGap = 22, kTop = 30, kNumber = 60;
  std::string svg;
  double y = kTop, most = 0;
  for (const OccupancySeries& series : occupancies.series) {
    for (const double share : series.shares) most = share > most ? share : most;
  }
  for (size_t state = 0; state < occupancies.states.size(); ++state) {
    bool visited = false;
    for (const OccupancySeries& series : occupancies.series) visited = visited || series.shares[state] > 0;
    if (!visited) continue;
    svg += svg_text(0, y + 10, "name", "start", occupancies.states[state]);
    y += kGap - 4;
    for (const OccupancySeries& series : occupancies.series) {
      const double length = most > 0 ? (width - kNumber) * series.shares[state] / most : 0;
      svg += formatted("<rect class=\"bar {}\" x=\"0\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" rx=\"2\"/>", class_of(series.tone), y,
                       length > 1 ? length : 1.0, kBar);
      svg += svg_text(length + 7, y + kBar - 1.5, "tick", "start", number_text(100 * series.shares[state], 1) + " %");
      y += kPitch;
    }
    y += kGap - kPitch + 4;
  }
  double place = 0;
  for (const OccupancySeries& series : occupancies.series) {
    svg += formatted("<rect class=\"bar {}\" x=\"{:.1f}\" y=\"5\" width=\"14\" height=\"9\" rx=\"2\"/>", class_of(series.tone), place);
    svg += svg_text(place + 19, 13.5, "label", "start", series.name);
    place += 40 + 6.3 * double(series.name.size());
  }
  return svg_begin(width, y, "Occupancies of the states") + svg + "</svg>";
}

}  // namespace cryomer
