#include "cryomer/protein/normal_modes.h"

#include "cryomer/protein/rigid_residues.h"
#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

// How far each mode is from a movement of the whole body: the largest relative displacement of two CAs' frames that a unit
// amplitude makes along their connecting line, to first order.
double largest_stretch(const Structure& structure, const NormalModes& modes, int64_t mode) {
  std::vector<Vec3> moved, position;
  const std::vector<ResidueFrame> frames = residue_frames(structure);
  const auto translation = modes.translation.accessor<float, 3>();
  for (int r = 0; r < structure.residue_count(); ++r) {
    if (structure.residues[r].kind != ResidueKind::protein) continue;
    moved.push_back(frames[r].rotation * Vec3{translation[mode][r][0], translation[mode][r][1], translation[mode][r][2]});
    position.push_back(frames[r].origin);
  }
  double largest = 0;
  for (size_t i = 0; i < moved.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      largest = std::max(largest, std::abs(dot(moved[i] - moved[j], normalized(position[i] - position[j]))));
    }
  }
  return largest;
}

Structure helix_with_ion_and_cap() {
  Structure structure = testing::polyalanine(12);
  const Vec3 end = structure.atoms[structure.find_atom(11, "C")].position;
  testing::add_residue(structure, "A", 13, "NME", true, ResidueKind::other);
  testing::add_atom(structure, "N", 7, end + Vec3{1.1, 0.7, 0});
  testing::add_atom(structure, "C", 6, end + Vec3{2.3, 1.4, 0});
  testing::add_residue(structure, "A", 101, "MG", false, ResidueKind::other);
  testing::add_atom(structure, "MG", 12, structure.atoms[structure.find_atom(5, "CB")].position + Vec3{0, 0, 3.5});
  return structure;
}

TEST(NormalModes, AreMotionsOfTheProteinEvenBesideIonsAndTwoAtomCaps) {
  const Structure structure = helix_with_ion_and_cap();
  const NormalModes modes = normal_modes(structure, 4);
  ASSERT_EQ(modes.size(), 4);
  for (int64_t m = 0; m < modes.size(); ++m) {
    EXPECT_GT(modes.stiffness[m], 1e-6) << "mode " << m;
    EXPECT_GT(largest_stretch(structure, modes, m), 0.05) << "mode " << m;
  }
}

TEST(NormalModes, AscendInStiffness) {
  const NormalModes modes = normal_modes(testing::polyalanine(15), 10);
  for (int64_t m = 1; m < modes.size(); ++m) EXPECT_LE(modes.stiffness[m - 1], modes.stiffness[m]);
}

}  // namespace
}  // namespace cryomer
