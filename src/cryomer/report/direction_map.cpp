#include "cryomer/report/direction_map.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/format.h"
#include "cryomer/base/units.h"
#include "cryomer/report/color_ramp.h"
#include "cryomer/report/svg_text.h"

namespace cryomer {

namespace {

// Mollweide's auxiliary angle t of the latitude whose sine is z: 2 t + sin 2 t = pi z, by Newton's method.
double auxiliary_angle(double z) {
  if (std::abs(z) > 1 - 1e-9) return z > 0 ? kPi / 2 : -kPi / 2;
  double t = std::asin(z);
  for (int i = 0; i < 50; ++i) {
    const double change = (2 * t + std::sin(2 * t) - kPi * z) / (2 + 2 * std::cos(2 * t));
    t -= change;
    if (std::abs(change) < 1e-10) break;
  }
  return t;
}

}  // namespace

DirectionCounts count_directions(const std::vector<Vec3>& directions, int rows, int columns) {
  DirectionCounts result{rows, columns, std::vector<int64_t>(size_t(rows) * columns, 0), 0};
  for (const Vec3& direction : directions) {
    const Vec3 d = normalized(direction);
    const int row = bin_of(d.z, -1, 1, rows), column = bin_of(std::atan2(d.y, d.x), -kPi, kPi, columns);
    ++result.counts[size_t(row) * columns + column];
    ++result.total;
  }
  return result;
}

std::string direction_svg(const DirectionCounts& counts) {
  constexpr double kWidth = 519, kMap = 440, kTop = 44;
  const double expected = double(counts.total) / (counts.rows * counts.columns);
  const int64_t largest = counts.counts.empty() ? 0 : *std::max_element(counts.counts.begin(), counts.counts.end());
  const double most = std::max(1e-9, double(largest) / std::max(expected, 1e-9));
  const auto place = [&](double azimuth, double z) {
    const double t = auxiliary_angle(z);
    return std::pair<double, double>{0.5 * kWidth + 0.5 * kMap * azimuth / kPi * std::cos(t),
                                     kTop + 0.25 * kMap * (1 - std::sin(t))};
  };
  std::string svg = svg_begin(kWidth, kTop + 0.5 * kMap + 12, "Map of viewing directions");
  for (int row = 0; row < counts.rows; ++row) {
    for (int column = 0; column < counts.columns; ++column) {
      const double z0 = -1 + 2.0 * row / counts.rows, z1 = -1 + 2.0 * (row + 1) / counts.rows;
      const double a0 = -kPi + 2 * kPi * column / counts.columns, a1 = -kPi + 2 * kPi * (column + 1) / counts.columns;
      constexpr int kParts = 8;  // the sides are curved
      std::string path;
      const auto add = [&](double azimuth, double z) {
        const auto [x, y] = place(azimuth, z);
        path += formatted("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x, y);
      };
      for (int k = 0; k <= kParts; ++k) add(a0, z0 + (z1 - z0) * k / kParts);
      for (int k = 0; k <= kParts; ++k) add(a1, z1 + (z0 - z1) * k / kParts);
      const double share = counts.counts[size_t(row) * counts.columns + column] / std::max(expected, 1e-9) / most;
      const std::string color = ramp_color(share);
      svg += formatted("<path style=\"fill:{0};stroke:{0};stroke-width:.4\" d=\"{1}Z\"/>", color, path);
    }
  }
  svg += ramp_legend(0.5 * kWidth - 90, 16, 180, 0, most, "particles, relative to an even spread");
  return svg + "</svg>";
}

}  // namespace cryomer
