// Structures that do not stand where the poses of the particles say, through the command line, on three helices that stand apart.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/program.h"
#include "cryomer/base/atomic_file.h"
#include "cryomer/geometry/rotation.h"
#include "cryomer/io/star.h"
#include "cryomer/io/structure_file.h"
#include "evaluation/small_structures.h"
#include "testing.h"

namespace cryomer {
namespace {

using testing::done;
using testing::refused;

const RigidTransform kAway{rotation_from_vector({1.4, 0.3, -0.5}), {7, -5, 3}};

Structure moved(Structure structure, const RigidTransform& by) {
  for (Atom& atom : structure.atoms) atom.position = by.apply(atom.position);
  return structure;
}

// Helices of 20, 14 and 9 residues, no two of them parallel.
Structure three_helices() {
  Structure structure = testing::polyalanine(43);
  const RigidTransform second{rotation_from_vector({0, 1.6, 0}), {14, 0, -2}}, third{rotation_from_vector({1.5, 0.2, 0}), {-9, 12, 5}};
  for (Atom& atom : structure.atoms) {
    if (atom.residue >= 34) {
      atom.position = third.apply(atom.position);
    } else if (atom.residue >= 20) {
      atom.position = second.apply(atom.position);
    }
  }
  for (const size_t first : {20, 34}) structure.residues[first].bonded_to_previous = false;
  const Vec3 centre = structure.centroid();
  return moved(structure, {Mat3{}, -centre});
}

struct World {
  std::string folder = testing::scratch_folder(), base = folder + "/base.pdb", turned = folder + "/turned.pdb", star = folder + "/sim/truth.star",
              mirrored = folder + "/sim/mirrored.star";

  World() {
    write_structure(base, three_helices());
    write_structure(turned, moved(three_helices(), kAway));
    done("simulate --structure " + base + " --motion bimodal --motion-amplitude 1 --motion-states 5 --particles 150 --box 48 --pixel-size 1.5 --snr 1 --out " +
         folder + "/sim");
    StarFile file = read_star(star);
    for (StarTable& table : file.tables) {
      const int tilt = table.column("rlnAngleTilt");
      for (int64_t row = 0; tilt >= 0 && row < table.row_count(); ++row) table.set_cell(row, tilt, std::to_string(-std::stod(std::string(table.cell(row, tilt)))));
    }
    write_star(mirrored, file);
  }
};

World& world() {
  static World made;
  return made;
}

TEST(AppPlace, PutsAStructureWhereThePosesHaveIt) {
  const std::string out = world().folder + "/placed.pdb", json = world().folder + "/placed.json";
  const std::string said = done("place " + world().star + " --structure " + world().turned + " --out " + out + " --json " + json);
  EXPECT_NE(said.find("Placed by what"), std::string::npos) << said;
  // simulate has the structure's own origin at the centre of the box; the placed one has it at the corner.
  const Structure placed = read_structure(out), base = read_structure(world().base);
  double worst = 0;
  for (size_t a = 0; a < base.atoms.size(); ++a) worst = std::max(worst, norm(placed.atoms[a].position - base.atoms[a].position - Vec3{36, 36, 36}));
  EXPECT_LT(worst, 2.5);
  const auto figures = nlohmann::json::parse(read_file(json));
  EXPECT_GT(figures["share"].get<double>(), 0.5);
  EXPECT_NEAR(figures["turn_deg"].get<double>(), degrees(norm(vector_from_rotation(kAway.rotation))), 5);
  EXPECT_FALSE(figures["mirrored"].get<bool>());

  refused("place " + world().star + " --structure " + world().turned + " --out " + out, 2, {"--out", out, "--overwrite"});
  refused("place " + world().star + " --structure " + world().turned + " --out " + world().folder + "/x.mrc", 2, {"--out", ".pdb or .cif"});
  refused("place " + world().star + " --structure " + world().turned + " --out " + world().folder + "/x.pdb --json " + world().folder + "/x.pdb", 2, {"--json"});
  refused("place " + world().folder + "/sim/particles.star --structure " + world().turned + " --out " + world().folder + "/x.pdb", 1, {"rlnAngleRot"});
}

TEST(AppPlace, SaysWhenPosesAreOfTheOtherHand) {
  refused("place " + world().mirrored + " --structure " + world().turned + " --out " + world().folder + "/hand.pdb", 1, {"of the other hand", "_rlnAngleTilt"});
  EXPECT_FALSE(std::filesystem::exists(world().folder + "/hand.pdb"));
}

TEST(AppTrain, DoesNotLearnFromAStructureThatStandsElsewhere) {
  const std::string run = world().folder + "/run";
  const std::string how = " --epochs 1 --latent-dim 4 --set optimiser.batch_size=32 loop_search.used=false --out " + run + " --poses ";
  refused("train " + world().star + " --structure " + world().turned + how + "given", 1, {world().turned, "does not stand where the poses", "cryomer place "});
  refused("train " + world().mirrored + " --structure " + world().base + how + "refine", 1, {world().mirrored, "of the other hand", "_rlnAngleTilt"});
  EXPECT_FALSE(std::filesystem::exists(run));
  const std::string said = done("train " + world().star + " --structure " + world().base + how + "given");
  EXPECT_EQ(said.find("hardly"), std::string::npos) << said;
}

}  // namespace
}  // namespace cryomer
