// Plots as inline SVG: curves, histograms and scatters of plain numbers. Colours come from the page's style sheet by class,
// so that one drawing serves light, dark and paper. Points that are not finite are left out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cryomer/report/color_ramp.h"

namespace cryomer {

struct PlotFrame {
  PlotFrame(std::string x, std::string y, int w = 380, int h = 260)
      : x_label(std::move(x)), y_label(std::move(y)), width(w), height(h) {}

  std::string x_label, y_label;
  int width, height;  // units of the drawing; it grows with the page
  std::optional<double> x_least, x_most, y_least, y_most;  // where the data should not decide
  bool logarithmic_y = false;
};

struct Curve {
  std::string name;
  Tone tone = Tone::learned;
  std::vector<double> x, y;
  std::vector<double> low = {}, high = {};  // a band about it, or none
};

// A vertical line with a few words at its upper end.
struct Rule {
  double x = 0;
  std::string label;
};

std::string curves_svg(const PlotFrame& frame, const std::vector<Curve>& curves, const std::vector<Rule>& rules = {});

struct Sample {
  std::string name;
  Tone tone = Tone::learned;
  std::vector<double> values;
  std::vector<double> weights;  // one per value, or none for equal ones
};

// Densities with common bins; each side has unit area.
std::string histogram_svg(const PlotFrame& frame, const std::vector<Sample>& samples, const std::vector<Rule>& rules = {});

struct Cloud {
  std::vector<double> x, y;
  std::vector<double> color;  // one per point, or none
  std::string color_label;
  bool diagonal = false;      // the line y = x
};

std::string scatter_svg(const PlotFrame& frame, const Cloud& cloud);

// One value between two landmarks, as a dot on a short line; `best` is at the left.
std::string gauge_svg(double value, double best, double worst);

}  // namespace cryomer
