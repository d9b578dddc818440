#include "cryomer/simulation/solvent_voxels.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cryomer/base/units.h"

namespace cryomer {

namespace {

// A grid around all atoms, its points at whole multiples of the voxel.
struct Grid {
  int first[3], size[3];
  double voxel;

  Grid(const float* atoms, size_t count, double margin, double edge) : voxel(edge) {
    for (int k = 0; k < 3; ++k) {
      float least = std::numeric_limits<float>::max(), most = std::numeric_limits<float>::lowest();
      for (size_t a = 0; a < count; ++a) {
        least = std::min(least, atoms[3 * a + k]);
        most = std::max(most, atoms[3 * a + k]);
      }
      first[k] = static_cast<int>(std::floor((least - margin) / voxel));
      size[k] = static_cast<int>(std::ceil((most + margin) / voxel)) - first[k] + 1;
    }
  }
  size_t count() const { return size_t(size[0]) * size_t(size[1]) * size_t(size[2]); }
  float* row(std::vector<float>& values, int j, int k) const { return values.data() + (size_t(k) * size[1] + j) * size[0]; }
  double position(int axis, int i) const { return (first[axis] + i) * voxel; }

  struct Range {
    int first, last;  // last is not in it
  };
  Range around(int axis, double centre, double reach) const {
    return {std::max(0, static_cast<int>(std::ceil((centre - reach) / voxel)) - first[axis]),
            std::min(size[axis], static_cast<int>(std::floor((centre + reach) / voxel)) - first[axis] + 1)};
  }
};

VoxelPoints points_of(const Grid& grid, std::vector<float>& values) {
  VoxelPoints points;
  for (int k = 0; k < grid.size[2]; ++k) {
    for (int j = 0; j < grid.size[1]; ++j) {
      const float* const row = grid.row(values, j, k);
      for (int i = 0; i < grid.size[0]; ++i) {
        if (row[i] == 0) continue;
        points.x.push_back(static_cast<float>(grid.position(0, i)));
        points.y.push_back(static_cast<float>(grid.position(1, j)));
        points.z.push_back(static_cast<float>(grid.position(2, k)));
        points.weight.push_back(row[i]);
      }
    }
  }
  return points;
}

}  // namespace

VoxelPoints displaced_volume(const float* atoms, size_t count, double radius, double voxel) {
  if (count == 0) return {};
  const double reach = radius + 0.5 * voxel;
  const Grid grid(atoms, count, reach, voxel);
  // Squared distance to the nearest atom, as far as it matters.
  std::vector<float> nearest(grid.count(), static_cast<float>(reach * reach));
  for (size_t a = 0; a < count; ++a) {
    const float* const x = atoms + 3 * a;
    const Grid::Range is = grid.around(0, x[0], reach), js = grid.around(1, x[1], reach), ks = grid.around(2, x[2], reach);
    const auto step = static_cast<float>(voxel), start = static_cast<float>(grid.position(0, 0) - x[0]);
    for (int k = ks.first; k < ks.last; ++k) {
      const double dz = grid.position(2, k) - x[2];
      for (int j = js.first; j < js.last; ++j) {
        const double dy = grid.position(1, j) - x[1];
        const auto across = static_cast<float>(dz * dz + dy * dy);
        if (across >= reach * reach) continue;
        float* const row = grid.row(nearest, j, k);
        for (int i = is.first; i < is.last; ++i) {
          const float dx = start + step * float(i);
          row[i] = std::min(row[i], across + dx * dx);
        }
      }
    }
  }
  // A voxel that the surface cuts counts by how deep the surface lies in it.
  const double volume = voxel * voxel * voxel;
  for (float& value : nearest) {
    const double inside = 0.5 + (radius - std::sqrt(double(value))) / voxel;
    value = static_cast<float>(volume * std::clamp(inside, 0.0, 1.0));
  }
  return points_of(grid, nearest);
}

double projected_softness(double softness, double voxel) {
  // A uniform voxel has the variance voxel^2 / 12. Never narrower than what leaves no holes between points.
  return std::max(std::sqrt(std::max(0.0, softness * softness - voxel * voxel / 12)), 0.4 * voxel);
}

VoxelPoints clamped_potential(const float* atoms, const std::vector<int>& kind, const std::vector<std::vector<ClampTerm>>& terms,
                              double ice_potential, double voxel) {
  if (kind.empty()) return {};
  double widest = 0;
  for (const auto& of_kind : terms) {
    for (const ClampTerm& t : of_kind) widest = std::max(widest, std::sqrt(t.variance));
  }
  const Grid grid(atoms, kind.size(), 4.5 * widest, voxel);
  std::vector<float> potential(grid.count(), 0.0f);
  std::vector<float> factor[3];
  for (size_t a = 0; a < kind.size(); ++a) {
    const float* const x = atoms + 3 * a;
    for (const ClampTerm& t : terms[kind[a]]) {
      const double reach = 4.5 * std::sqrt(t.variance);
      const double peak = t.integral * std::pow(2 * kPi * t.variance, -1.5);
      Grid::Range range[3] = {grid.around(0, x[0], reach), grid.around(1, x[1], reach), grid.around(2, x[2], reach)};
      for (int axis = 0; axis < 3; ++axis) {
        factor[axis].resize(size_t(std::max(0, range[axis].last - range[axis].first)));
        for (int i = range[axis].first; i < range[axis].last; ++i) {
          const double d = grid.position(axis, i) - x[axis];
          factor[axis][i - range[axis].first] = std::exp(static_cast<float>(-0.5 * d * d / t.variance));
        }
      }
      for (int k = range[2].first; k < range[2].last; ++k) {
        for (int j = range[1].first; j < range[1].last; ++j) {
          const float across = static_cast<float>(peak) * factor[2][k - range[2].first] * factor[1][j - range[1].first];
          float* const row = grid.row(potential, j, k) + range[0].first;
          const float* const along = factor[0].data();
          const int length = range[0].last - range[0].first;
          for (int i = 0; i < length; ++i) row[i] += across * along[i];
        }
      }
    }
  }
  const auto volume = static_cast<float>(voxel * voxel * voxel), ice = static_cast<float>(ice_potential);
  for (float& value : potential) value = volume * std::max(0.0f, value - ice);
  return points_of(grid, potential);
}

}  // namespace cryomer
