#include "cryomer/report/trace_view.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cryomer/base/format.h"
#include "cryomer/geometry/symmetric_eigen.h"
#include "cryomer/report/color_ramp.h"
#include "cryomer/report/svg_text.h"

namespace cryomer {

namespace {

constexpr double kWidth = 342, kMargin = 6;  // of the drawing
constexpr int kColors = 20;
constexpr int kDepths = 4;  // line widths of the foreground

Vec3 point(const float* x) { return {x[0], x[1], x[2]}; }

Vec3 centre_of(const Ensemble& traces) {
  Vec3 sum;
  const int64_t points = traces.size() * traces.atom_count;
  for (int64_t i = 0; i < points; ++i) sum += point(traces.coordinates.data() + 3 * i);
  return (1.0 / double(std::max<int64_t>(points, 1))) * sum;
}

}  // namespace

Mat3 principal_axes(const Ensemble& traces) {
  const Vec3 centre = centre_of(traces);
  std::vector<double> second(9, 0.0);
  for (size_t i = 0; i < traces.coordinates.size(); i += 3) {
    const Vec3 d = point(traces.coordinates.data() + i) - centre;
    for (int p = 0; p < 3; ++p) {
      for (int q = 0; q < 3; ++q) second[3 * p + q] += d[p] * d[q];
    }
  }
  const SymmetricEigen eigen = symmetric_eigen(second, 3);
  const Vec3 longest{eigen.vectors[6], eigen.vectors[7], eigen.vectors[8]}, middle{eigen.vectors[3], eigen.vectors[4], eigen.vectors[5]};
  return transposed(Mat3::from_columns(longest, middle, cross(longest, middle)));
}

TraceExtent trace_extent(const TraceView& view, const Mat3& orientation) {
  const Vec3 centre = centre_of(view.traces);
  TraceExtent extent;
  for (size_t i = 0; i < view.traces.coordinates.size(); i += 3) {
    const Vec3 turned = orientation * (point(view.traces.coordinates.data() + i) - centre);
    extent = larger(extent, {std::abs(turned.x), std::abs(turned.y)});
  }
  return extent;
}

TraceExtent larger(TraceExtent a, TraceExtent b) { return {std::max(a.width, b.width), std::max(a.height, b.height)}; }

std::string trace_svg(const TraceView& view, const Mat3& orientation, TraceExtent extent, const std::string& title) {
  const Vec3 centre = centre_of(view.traces);
  const auto residues = static_cast<int>(view.traces.atom_count);
  const double unit = 0.5 * (kWidth - 2 * kMargin) / extent.width;  // of the drawing per A
  const double middle = extent.height * unit + kMargin;
  const auto seen = [&](const float* x) {
    const Vec3 turned = orientation * (point(x) - centre);
    return Vec3{0.5 * kWidth + unit * turned.x, middle - unit * turned.y, turned.z / std::max(extent.width, extent.height)};
  };
  // Strokes of one color (and depth) form one path; a stroke is as long as its color lasts.
  const auto strokes = [&](const float* trace, std::vector<std::string>& paths, bool by_depth) {
    int current = -1;
    Vec3 before;
    for (int r = 0; r < residues; ++r) {
      const Vec3 here = seen(trace + 3 * r);
      if (r > 0 && view.joined[r]) {
        const double color = 0.5 * (view.color[r] + view.color[r - 1]);
        int path = bin_of(color, 0, 1, kColors);
        if (by_depth) path = path * kDepths + bin_of(0.5 * (here.z + before.z), -0.8, 0.8, kDepths);
        if (path != current) paths[path] += formatted("M{:.1f} {:.1f}", before.x, before.y);
        paths[path] += formatted("L{:.1f} {:.1f}", here.x, here.y);
        current = path;
      } else {
        current = -1;
      }
      before = here;
    }
  };
  std::string svg = svg_begin(kWidth, 2 * middle + 22, "CA traces, " + title);
  std::vector<std::string> thin(kColors);
  for (int64_t i = 0; i < view.traces.size(); ++i) strokes(view.traces.conformation(i), thin, false);
  for (int c = 0; c < kColors; ++c) {
    if (!thin[c].empty()) svg += formatted("<path class=\"trace\" stroke=\"{}\" d=\"{}\"/>", ramp_color((c + 0.5) / kColors), thin[c]);
  }
  if (!view.foreground.empty()) {
    std::vector<std::string> thick(kColors * kDepths);
    strokes(view.foreground.data(), thick, true);
    for (int depth = 0; depth < kDepths; ++depth) {
      for (int c = 0; c < kColors; ++c) {
        const std::string& path = thick[c * kDepths + depth];
        if (path.empty()) continue;
        svg += formatted("<path class=\"fore\" stroke=\"{}\" stroke-width=\"{:.1f}\" d=\"{}\"/>", ramp_color((c + 0.5) / kColors),
                         1.4 + 0.7 * depth, path);
      }
    }
  }
  // A bar of 10 A and the side one looks from.
  const double foot = 2 * middle + 8;
  svg += formatted("<path class=\"axis\" d=\"M10 {:.1f}h{:.1f}\"/>", foot, 10 * unit);
  svg += svg_text(16 + 10 * unit, foot + 4, "tick", "start", "10 \u00c5");
  svg += svg_text(kWidth - 8, foot + 4, "tick", "end", title);
  return svg + "</svg>";
}

}  // namespace cryomer
