#include "cryomer/report/svg_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cryomer/base/format.h"
#include "cryomer/report/axis.h"
#include "cryomer/report/svg_text.h"

namespace cryomer {

namespace {

struct Range {
  double least = std::numeric_limits<double>::infinity(), most = -std::numeric_limits<double>::infinity();

  void add(double value) {
    if (!std::isfinite(value)) return;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  void add(const std::vector<double>& values) {
    for (const double value : values) add(value);
  }
  bool empty() const { return most < least; }
};

// The framed area of a plot between its axes.
class Canvas {
 public:
  Canvas(const PlotFrame& frame, Axis x, Axis y, double top = 26)
      : frame_(frame), x_(x), y_(y), top_(top), right_(frame.width - 10), bottom_(frame.height - 42) {
    size_t widest = 0;
    for (const Tick& tick : y_.ticks()) {
      const auto letters = std::count_if(tick.label.begin(), tick.label.end(), [](char c) { return (c & 0xc0) != 0x80; });
      widest = std::max(widest, size_t(letters));
    }
    left_ = frame.y_label.empty() && widest == 0 ? 12.0 : 30 + 6.4 * double(widest);
  }

  double x(double value) const { return left_ + x_.share(value) * (right_ - left_); }
  double y(double value) const { return bottom_ - y_.share(value) * (bottom_ - top_); }
  double left() const { return left_; }
  double right() const { return right_; }
  double top() const { return top_; }
  double bottom() const { return bottom_; }
  bool holds(double px, double py) const {
    return std::isfinite(px) && std::isfinite(py) && px > left_ - 1 && px < right_ + 1 && py > top_ - 1 && py < bottom_ + 1;
  }

  std::string axes(bool with_y_ticks = true) const {
    std::string svg, grid;
    for (const Tick& tick : y_.ticks()) {
      if (!with_y_ticks) break;
      grid += formatted("M{:.1f} {:.1f}H{:.1f}", left_, y(tick.value), right_);
      svg += svg_text(left_ - 6, y(tick.value) + 4, "tick", "end", tick.label);
    }
    std::string marks;
    for (const Tick& tick : x_.ticks()) {
      marks += formatted("M{:.1f} {:.1f}v4", x(tick.value), bottom_);
      svg += svg_text(x(tick.value), bottom_ + 17, "tick", "middle", tick.label);
    }
    svg += formatted("<path class=\"grid\" d=\"{}\"/><path class=\"axis\" d=\"M{:.1f} {:.1f}H{:.1f}{}\"/>", grid, left_, bottom_,
                     right_, marks);
    svg += svg_text(0.5 * (left_ + right_), bottom_ + 35, "label", "middle", frame_.x_label);
    if (!frame_.y_label.empty()) {
      const double middle = 0.5 * (top_ + bottom_);
      svg += formatted("<text class=\"label\" text-anchor=\"middle\" transform=\"translate(12 {:.1f}) rotate(-90)\">{}</text>",
                       middle, escaped(frame_.y_label));
    }
    return svg;
  }

  std::string rules(const std::vector<Rule>& rules) const {
    std::string svg;
    for (const Rule& rule : rules) {
      if (!holds(x(rule.x), top_)) continue;
      svg += formatted("<path class=\"rule\" d=\"M{0:.1f} {1:.1f}V{2:.1f}\"/>", x(rule.x), top_, bottom_);
      const bool at_right = x_.share(rule.x) > 0.6;
      svg += svg_text(x(rule.x) + (at_right ? -4 : 4), top_ + 10, "note", at_right ? "end" : "start", rule.label);
    }
    return svg;
  }

  // Names of the series in a row above the plot.
  std::string legend(const std::vector<std::pair<std::string, Tone>>& entries) const {
    if (entries.size() < 2) return "";
    std::string svg;
    double place = left_;
    for (const auto& [name, tone] : entries) {
      svg += formatted("<path class=\"line {}\" d=\"M{:.1f} 12h14\"/>", class_of(tone), place);
      svg += svg_text(place + 18, 16, "label", "start", name);
      place += 34 + 6.3 * double(name.size());
    }
    return svg;
  }

 private:
  const PlotFrame& frame_;
  Axis x_, y_;
  double left_ = 0, top_, right_, bottom_;
};

Axis axis_of(Range range, std::optional<double> least, std::optional<double> most, bool logarithmic, bool round) {
  if (range.empty()) range.add(logarithmic ? 1 : 0);
  const Axis axis = logarithmic ? Axis::logarithmic(least.value_or(range.least), most.value_or(range.most))
                                : Axis::linear(least.value_or(range.least), most.value_or(range.most));
  return round ? axis.rounded() : axis;
}

std::string described(const PlotFrame& frame, const std::string& kind) {
  return kind + " of " + (frame.y_label.empty() ? "" : frame.y_label + " over ") + frame.x_label;
}

// What lies between a curve's limits.
std::string band(const Canvas& canvas, const Curve& curve) {
  std::string there, back;
  for (size_t i = 0; i < std::min({curve.x.size(), curve.low.size(), curve.high.size()}); ++i) {
    const double x = canvas.x(curve.x[i]), low = canvas.y(curve.low[i]), high = canvas.y(curve.high[i]);
    if (!std::isfinite(x) || !std::isfinite(low) || !std::isfinite(high)) continue;
    there += formatted("{}{:.1f} {:.1f}", there.empty() ? "M" : "L", x, std::clamp(high, canvas.top(), canvas.bottom()));
    back = formatted("L{:.1f} {:.1f}", x, std::clamp(low, canvas.top(), canvas.bottom())) + back;
  }
  return there.empty() ? "" : formatted("<path class=\"area {}\" d=\"{}{}Z\"/>", class_of(curve.tone), there, back);
}

// One path for each color.
std::string points(const Canvas& canvas, const Cloud& cloud, Range color) {
  constexpr int kColors = 24;
  const size_t count = std::min(cloud.x.size(), cloud.y.size());
  const bool colored = cloud.color.size() >= count && !color.empty();
  std::vector<std::string> paths(colored ? kColors : 1);
  for (size_t i = 0; i < count; ++i) {
    const double x = canvas.x(cloud.x[i]), y = canvas.y(cloud.y[i]);
    if (!canvas.holds(x, y)) continue;
    paths[colored ? bin_of(cloud.color[i], color.least, color.most, kColors) : 0] += formatted("M{:.1f} {:.1f}h0", x, y);
  }
  std::string svg;
  for (size_t k = 0; k < paths.size(); ++k) {
    if (paths[k].empty()) continue;
    svg += formatted("<path class=\"{}\" d=\"{}\"{}/>", colored ? "points" : "points learned", paths[k],
                     colored ? formatted(" stroke=\"{}\"", ramp_color((k + 0.5) / kColors)) : "");
  }
  return svg;
}

}  // namespace

std::string curves_svg(const PlotFrame& frame, const std::vector<Curve>& curves, const std::vector<Rule>& rules) {
  Range x, y;
  for (const Curve& curve : curves) {
    x.add(curve.x);
    for (const auto* values : {&curve.y, &curve.low, &curve.high}) {
      for (const double value : *values) {
        if (!frame.logarithmic_y || value > 0) y.add(value);
      }
    }
  }
  const Canvas canvas(frame, axis_of(x, frame.x_least, frame.x_most, false, false).with_ticks(std::max(5, frame.width / 80)),
                      axis_of(y, frame.y_least, frame.y_most, frame.logarithmic_y, true));
  std::string svg = svg_begin(frame.width, frame.height, described(frame, "Curves")) + canvas.axes();
  std::vector<std::pair<std::string, Tone>> entries;
  for (const Curve& curve : curves) {
    if (!curve.low.empty()) svg += band(canvas, curve);
  }
  for (const Curve& curve : curves) {
    std::string path;
    bool drawing = false;
    for (size_t i = 0; i < std::min(curve.x.size(), curve.y.size()); ++i) {
      const double px = canvas.x(curve.x[i]), py = canvas.y(curve.y[i]);
      if (!canvas.holds(px, py)) {
        drawing = false;
        continue;
      }
      path += formatted("{}{:.1f} {:.1f}", drawing ? "L" : "M", px, py);
      if (!drawing) path += "h0";  // a lone point shows as a dot
      drawing = true;
    }
    svg += formatted("<path class=\"line {}\" d=\"{}\"/>", class_of(curve.tone), path);
    entries.push_back({curve.name, curve.tone});
  }
  return svg + canvas.rules(rules) + canvas.legend(entries) + "</svg>";
}

std::string histogram_svg(const PlotFrame& frame, const std::vector<Sample>& samples, const std::vector<Rule>& rules) {
  Range x;
  size_t fewest = std::numeric_limits<size_t>::max();
  for (const Sample& sample : samples) {
    x.add(sample.values);
    fewest = std::min(fewest, sample.values.size());
  }
  for (const Rule& rule : rules) x.add(rule.x);
  const Axis x_axis = axis_of(x, frame.x_least, frame.x_most, false, true);
  const int bins = std::clamp(static_cast<int>(2.5 * std::cbrt(double(fewest))), 8, 40);
  const double width = (x_axis.most() - x_axis.least()) / bins;
  Range y;
  y.add(0);
  std::vector<std::vector<double>> densities;
  for (const Sample& sample : samples) {
    std::vector<double> density(bins, 0.0);
    double total = 0;
    for (size_t i = 0; i < sample.values.size(); ++i) {
      if (!std::isfinite(sample.values[i])) continue;
      const double weight = sample.weights.empty() ? 1.0 : sample.weights[i];
      density[bin_of(sample.values[i], x_axis.least(), x_axis.most(), bins)] += weight;
      total += weight;
    }
    for (double& value : density) value /= std::max(total, 1e-300) * width;
    y.add(density);
    densities.push_back(std::move(density));
  }
  const Canvas canvas(frame, x_axis, Axis::linear(0, std::max(1e-12, 1.05 * y.most)));
  std::string svg = svg_begin(frame.width, frame.height, described(frame, "Histogram")) + canvas.axes();
  std::vector<std::pair<std::string, Tone>> entries;
  for (size_t s = 0; s < samples.size(); ++s) {
    std::string outline = formatted("M{:.1f} {:.1f}", canvas.x(x_axis.least()), canvas.bottom());
    for (int b = 0; b < bins; ++b) {
      outline += formatted("V{:.1f}H{:.1f}", canvas.y(densities[s][b]), canvas.x(x_axis.least() + (b + 1) * width));
    }
    outline += formatted("V{:.1f}", canvas.bottom());
    svg += formatted("<path class=\"area {0}\" d=\"{1}Z\"/><path class=\"line {0}\" d=\"{1}\"/>", class_of(samples[s].tone), outline);
    entries.push_back({samples[s].name, samples[s].tone});
  }
  return svg + canvas.rules(rules) + canvas.legend(entries) + "</svg>";
}

std::string scatter_svg(const PlotFrame& frame, const Cloud& cloud) {
  Range x, y, color;
  x.add(cloud.x);
  y.add(cloud.y);
  color.add(cloud.color);
  const bool colored = !color.empty();
  if (cloud.diagonal) {
    x.add(cloud.y);
    y.add(cloud.x);
  }
  const double top = colored ? 40 : 12;
  const Canvas canvas(frame, axis_of(x, frame.x_least, frame.x_most, false, true),
                      axis_of(y, frame.y_least, frame.y_most, false, true), top);
  std::string svg = svg_begin(frame.width, frame.height, described(frame, "Scatter")) + canvas.axes();
  svg += points(canvas, cloud, color);
  if (cloud.diagonal) {
    svg += formatted("<path class=\"rule\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>", canvas.left(), canvas.bottom(), canvas.right(),
                     canvas.top());
  }
  if (colored) svg += ramp_legend(canvas.right() - 150, 14, 150, color.least, color.most, cloud.color_label);
  return svg + "</svg>";
}

std::string gauge_svg(double value, double best, double worst) {
  const double least = std::min(best, value), most = std::max(worst, value);
  const auto place = [&](double v) { return 6 + 148 * (most > least ? (v - least) / (most - least) : 0.5); };
  return svg_begin(160, 16, formatted("{:.2f} between {:.2f} and {:.2f}", value, best, worst)) +
         formatted("<path class=\"axis\" d=\"M{0:.1f} 8H{1:.1f}M{0:.1f} 4v8M{1:.1f} 4v8\"/>", place(best), place(worst)) +
         formatted("<circle class=\"dot\" cx=\"{:.1f}\" cy=\"8\" r=\"5\"/></svg>", place(value));
}

}  // namespace cryomer
