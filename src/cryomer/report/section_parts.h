// Numbers and frames as all sections of the report write and size them.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "cryomer/report/axis.h"
#include "cryomer/report/svg_plot.h"

namespace cryomer {

// Sizes of drawings for so many in a row; a unit is then about a pixel, and letters are as large everywhere.
inline PlotFrame frame_for(int columns, std::string x, std::string y, double height_share = 0.62) {
  const int width = columns == 1 ? 1064 : columns == 2 ? 519 : 342;
  return PlotFrame(std::move(x), std::move(y), width, static_cast<int>(std::min(width * height_share, 270.0 + 0.25 * width)));
}

// Residue numbers where they ascend, so that the axis can show them; otherwise positions in the list.
struct ResidueAxis {
  std::vector<double> places;
  std::string label;
};
ResidueAxis residue_axis(const std::vector<std::string>& labels);  // "A/284"

// A dash where there is no number.
inline std::string plain(double value, int decimals) { return std::isfinite(value) ? number_text(value, decimals) : "\u2013"; }
inline std::string angstroms(double value) { return std::isfinite(value) ? number_text(value, 2) + " \u00c5" : "\u2013"; }
inline std::string percentage(double share) { return std::isfinite(share) ? number_text(100 * share, 1) + " %" : "\u2013"; }

}  // namespace cryomer
