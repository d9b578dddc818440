// Finds loops of a structure that the images show elsewhere, and where they are.
//
// Gradients do not bring a loop to its place when the base structure has it 8 A away: there is nothing in between. So it is looked
// for. A stretch that the images hardly show, wherever elastic motions take it, is annealed with the rest of the structure as it is, in
// the likelihood of all images (residual_images.h), several times; half of the images say where to, the other half whether the middle
// of all tries is better than what was there.
#pragma once

#include <functional>

#include "cryomer/base/config.h"
#include "cryomer/loop_search/residual_images.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

struct LoopSearchConfig {
  bool used = true;
  int64_t particles = 4000;  // that are looked at
  int64_t tries = 16;        // annealing runs for each loop
  int64_t moves = 60000;     // of each
  void visit(ConfigVisitor& v);
};

// How much of each residue, with its neighbours, the images show where they have it, over what they show of the median residue: 1 is
// all. `images` holds the structure in each image's own conformation. [residues]
std::vector<double> shown_residues(const ResidualImages& images, const Structure& structure);

struct Stretch {
  int first = 0, last = 0;  // residues
};
// The longest stretches of residues that are all chosen and bonded in a row.
std::vector<Stretch> stretches_of(const Structure& structure, const std::function<bool(int)>& chosen);

struct MisplacedLoops {
  std::vector<Stretch> stretches;
  std::vector<std::string> remarks;  // what is hardly shown either and why it is not among them, for people
};
// Stretches of protein that are hardly shown and hang on the rest of their chain.
MisplacedLoops misplaced_loops(const Structure& structure, const std::vector<double>& shown);

// Such as "A/277 to 294".
std::string stretch_name(const Structure& structure, Stretch stretch);

struct FoundLoop {
  Stretch stretch;
  std::vector<Vec3> positions;         // of its atoms, A
  double gain = 0;                     // nats an image over where the structure has it
  double shown_before = 0, shown = 0;  // share of the stretch that the images show there
};
// `structure` in the frame of the poses. Leaves out what is not found anywhere better; in the order in which they were moved. The same for
// any number of threads.
std::vector<FoundLoop> search_loops(const ImageModel& images, const std::vector<ParticleBatch>& batches, const Structure& structure,
                                    const std::vector<Stretch>& stretches, const LoopSearchConfig& config, uint64_t seed);

// Width of the blobs that loops are compared with images in, A: atoms that are not sharp on average.
inline constexpr double kLoopAtomWidth = 1.2;

}  // namespace cryomer
