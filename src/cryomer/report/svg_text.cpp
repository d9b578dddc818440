#include "cryomer/report/svg_text.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/format.h"
#include "cryomer/report/axis.h"
#include "cryomer/report/color_ramp.h"

namespace cryomer {

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      default: safe += c;
    }
  }
  return safe;
}

std::string svg_text(double x, double y, const std::string& css_class, const std::string& anchor, const std::string& text) {
  return formatted("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\" text-anchor=\"{}\">{}</text>", x, y, css_class, anchor,
                   escaped(text));
}

std::string svg_begin(double width, double height, const std::string& description) {
  return formatted("<svg viewBox=\"0 0 {:g} {:g}\" role=\"img\" aria-label=\"{}\">", width, height, escaped(description));
}

std::string ramp_legend(double x, double y, double width, double least, double most, const std::string& label) {
  constexpr int kSteps = 24;
  std::string svg = svg_text(x + 0.5 * width, y - 5, "label", "middle", label);
  for (int i = 0; i < kSteps; ++i) {
    svg += formatted("<rect x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"6\" fill=\"{}\"/>", x + width * i / kSteps, y,
                     width / kSteps + 0.3, ramp_color((i + 0.5) / kSteps));
  }
  const int decimals = most - least < 2 ? 2 : most - least < 20 ? 1 : 0;
  svg += svg_text(x, y + 18, "tick", "start", number_text(least, decimals));
  svg += svg_text(x + width, y + 18, "tick", "end", number_text(most, decimals));
  return svg;
}

int bin_of(double value, double least, double most, int count) {
  const double share = most > least ? (value - least) / (most - least) : 0.5;
  return static_cast<int>(std::clamp(std::floor(share * count), 0.0, double(count - 1)));
}

}  // namespace cryomer
