#include "cryomer/simulation/density_map.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/error.h"
#include "cryomer/base/units.h"
#include "cryomer/tensor/tensor.h"

namespace cryomer {

namespace {

constexpr double kReach = 4.5;  // widths, beyond which an atom adds nothing

// One atom's values along one axis, at the voxels near it.
struct Line {
  int64_t first = 0;
  std::vector<float> values;
};

void fill(Line& line, double position, double width, double voxel_size, int64_t box) {
  const auto low = static_cast<int64_t>(std::ceil((position - kReach * width) / voxel_size));
  const auto high = static_cast<int64_t>(std::floor((position + kReach * width) / voxel_size));
  line.first = std::max<int64_t>(low, 0);
  line.values.clear();
  for (int64_t i = line.first; i <= std::min(high, box - 1); ++i) {
    const double distance = double(i) * voxel_size - position;
    line.values.push_back(float(std::exp(-0.5 * distance * distance / (width * width)) / (std::sqrt(2 * kPi) * width)));
  }
}

void add_conformation(const Structure& structure, const float* x, double width, const MapGrid& grid, std::vector<float>& volume) {
  Line lines[3];
  for (int a = 0; a < structure.atom_count(); ++a) {
    for (int k = 0; k < 3; ++k) fill(lines[k], x[3 * a + k] - grid.first[k], width, grid.voxel_size, grid.box);
    const auto electrons = float(structure.atoms[a].atomic_number);
    for (size_t z = 0; z < lines[2].values.size(); ++z) {
      for (size_t y = 0; y < lines[1].values.size(); ++y) {
        const float factor = electrons * lines[2].values[z] * lines[1].values[y];
        float* const row =
            &volume[((lines[2].first + int64_t(z)) * grid.box + lines[1].first + int64_t(y)) * grid.box + lines[0].first];
        for (size_t i = 0; i < lines[0].values.size(); ++i) row[i] += factor * lines[0].values[i];
      }
    }
  }
}

}  // namespace

double MapBlur::width() const {
  const double own = resolution / (kPi * std::sqrt(2.0));
  return std::sqrt(own * own + b_factor / (8 * kPi * kPi));
}

MapGrid grid_around(const Ensemble& conformations, const MapBlur& blur, double voxel_size) {
  if (conformations.size() == 0) fail("a map of no conformation");
  Vec3 low{1e30, 1e30, 1e30}, high{-1e30, -1e30, -1e30};
  for (size_t i = 0; i < conformations.coordinates.size(); ++i) {
    const double value = conformations.coordinates[i];
    low[int(i % 3)] = std::min(low[int(i % 3)], value);
    high[int(i % 3)] = std::max(high[int(i % 3)], value);
  }
  double extent = 0;
  for (int k = 0; k < 3; ++k) extent = std::max(extent, high[k] - low[k]);
  const double side = extent + 6 * blur.width();
  const int64_t box = 2 * int64_t(std::ceil(0.5 * side / voxel_size));
  return grid_centred(box, voxel_size, 0.5 * (low + high));
}

MapGrid grid_centred(int64_t box, double voxel_size, Vec3 centre) {
  const double half = double(box / 2) * voxel_size;
  return {box, voxel_size, centre - Vec3{half, half, half}};
}

std::vector<float> density_map(const Structure& structure, const Ensemble& conformations, const MapBlur& blur,
                               const MapGrid& grid) {
  if (conformations.size() == 0 || conformations.atom_count != structure.atom_count()) {
    fail("a map of {} conformations of {} atoms; {} has {}", conformations.size(), conformations.atom_count, structure.source,
         structure.atom_count());
  }
  const auto voxels = size_t(grid.box) * size_t(grid.box) * size_t(grid.box);
  const int64_t parts = part_count(conformations.size(), 1);
  std::vector<std::vector<float>> volumes(parts);
  parallel_parts(conformations.size(), parts, [&](int64_t part, int64_t first, int64_t last) {
    volumes[part].assign(voxels, 0.0f);
    for (int64_t i = first; i < last; ++i)
      add_conformation(structure, conformations.conformation(i), blur.width(), grid, volumes[part]);
  });
  const float share = 1.0f / float(conformations.size());
  std::vector<float> result(voxels, 0.0f);
  for (const std::vector<float>& volume : volumes) {
    for (size_t i = 0; i < volume.size(); ++i) result[i] += share * volume[i];
  }
  return result;
}

}  // namespace cryomer
