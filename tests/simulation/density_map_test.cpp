#include "cryomer/simulation/density_map.h"

#include <cmath>

#include "cryomer/base/units.h"
#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

Structure one_atom(int atomic_number) {
  Structure structure;
  testing::add_residue(structure, "A", 1, "ION", false, ResidueKind::other);
  testing::add_atom(structure, "X", atomic_number, {0, 0, 0});
  return structure;
}

Ensemble at(std::vector<float> x, int64_t atoms) {
  Ensemble ensemble;
  ensemble.atom_count = atoms;
  ensemble.coordinates = std::move(x);
  return ensemble;
}

TEST(DensityMap, OfOneAtomIsANormalDistributionOfItsElectrons) {
  const MapBlur blur{4, 50};
  const MapGrid grid = grid_centred(24, 1, {1, 2, 3});
  const std::vector<float> map = density_map(one_atom(8), at({1.3f, 2, 2.6f}, 1), blur, grid);
  const double s = blur.width();
  EXPECT_NEAR(s * s, 16 / (2 * kPi * kPi) + 50 / (8 * kPi * kPi), 1e-12);
  double sum = 0;
  for (const float value : map) sum += value;
  EXPECT_NEAR(sum, 8, 1e-3);
  // The central voxel, number 12, lies at (1, 2, 3).
  const double square = 0.3 * 0.3 + 0.4 * 0.4;
  EXPECT_NEAR(map[(12 * 24 + 12) * 24 + 12], 8 * std::exp(-square / (2 * s * s)) / std::pow(2 * kPi * s * s, 1.5), 1e-5);
}

TEST(DensityMap, IsTheMeanOverConformations) {
  const Structure structure = testing::polyalanine(6);
  const std::vector<float> x = structure.coordinates();
  std::vector<float> moved = x, both = x;
  for (float& value : moved) value += 2;
  both.insert(both.end(), moved.begin(), moved.end());
  const MapBlur blur{5, 0};
  const Ensemble pair = at(both, structure.atom_count());
  const MapGrid grid = grid_around(pair, blur, 1.5);
  const std::vector<float> a = density_map(structure, at(x, structure.atom_count()), blur, grid),
                           b = density_map(structure, at(moved, structure.atom_count()), blur, grid),
                           mean = density_map(structure, pair, blur, grid);
  double electrons = 0, sum = 0;
  for (const Atom& atom : structure.atoms) electrons += atom.atomic_number;
  for (size_t i = 0; i < mean.size(); ++i) {
    ASSERT_NEAR(mean[i], 0.5f * (a[i] + b[i]), 1e-5f);
    sum += mean[i] * 1.5 * 1.5 * 1.5;
  }
  EXPECT_NEAR(sum, electrons, 0.02 * electrons);  // all atoms are inside
}

TEST(DensityMap, LeavesOutWhatIsBeyondItsGrid) {
  const std::vector<float> map = density_map(one_atom(6), at({100, 0, 0}, 1), {}, grid_centred(8, 1, {0, 0, 0}));
  for (const float value : map) EXPECT_EQ(value, 0);
  testing::error_of([] { density_map(one_atom(6), Ensemble{}, {}, grid_centred(8, 1, {0, 0, 0})); });
}

}  // namespace
}  // namespace cryomer
