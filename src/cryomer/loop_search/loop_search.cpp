#include "cryomer/loop_search/loop_search.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <mutex>
#include <optional>

#include "cryomer/base/log.h"
#include "cryomer/base/progress.h"
#include "cryomer/base/stop.h"
#include "cryomer/loop_search/loop_chain.h"

namespace cryomer {

namespace {

constexpr int kNeighbours = 3;          // residues on either side that are judged together
constexpr double kHidden = 0.65, kHardlyShown = 0.85;  // of what images show of other residues: somewhere in a stretch; all along it
constexpr int kShortest = 4, kLongest = 30;  // residues

constexpr double kMisplaced = 0.25;     // share of all residues: with more, the structure moves as a whole and its loops cannot be judged yet
constexpr double kTooMuch = 1.2;        // a loop that is shown more than this takes the place of something else
constexpr double kTooLittle = 0.65;     // one that is shown less is nowhere: it is disordered

constexpr double kStep = 1;             // A, of the grid of gains
constexpr double kReach = 16;           // A, farther from where its atoms are a loop is not looked for
constexpr double kContact = 3, kBlocked = 1.8;  // A from the rest of the structure: nearer is too near; nowhere
// Prices and temperatures are in units of what an atom of the loop shows where it is right: the same for any noise.
constexpr double kContactPrice = 1;     // for an atom, over A^2 of what it is too near
constexpr double kNowhere = -10;        // for an atom out of reach
constexpr double kOutlierPrice = 1, kClashPrice = 1;
constexpr double kAlike = 0.75;         // of the best try's gain: tries with less have got stuck
constexpr double kCentrePrice = 10;     // for each A^2 that the atoms are from the centre of the others
constexpr double kHot = 3, kCold = 0.1;  // temperature at the start and at the end
constexpr double kLargeMove = 1.5, kLargeMoves = 0.3;  // radians; share of the moves
constexpr double kSideChainMoves = 0.4;  // share of the moves
constexpr double kSureness = 4;         // standard errors of the gain on the images that judge
constexpr double kWorthwhile = 0.1;     // of what the loop shows where it is right: less is what blobs and grids leave

int64_t atoms_before(const Structure& structure, int residue) { return structure.residues[residue].first_atom; }
int64_t atoms_after(const Structure& structure, int residue) {
  return structure.residues[residue].first_atom + structure.residues[residue].atom_count;
}

std::vector<Vec3> positions_of(const Structure& structure, int64_t first, int64_t last) {
  std::vector<Vec3> result;
  for (int64_t a = first; a < last; ++a) result.push_back(structure.atoms[size_t(a)].position);
  return result;
}

double self_overlap(const ResidualImages& images, const Vec3* atoms, size_t count) {
  std::vector<float> x(3 * count);
  for (size_t a = 0; a < count; ++a) {
    for (size_t k = 0; k < 3; ++k) x[k * count + a] = float(atoms[a][int(k)]);
  }
  return double(count) * images.overlap()(0) + 2 * sum_over_pairs(images.overlap(), x.data(), x.data() + count, x.data() + 2 * count, count);
}

// What single atoms of a loop would gain around it, on a grid.
class GainMap {
 public:
  GainMap(const ResidualImages& images, const Structure& structure, Stretch stretch) {
    const int64_t first = atoms_before(structure, stretch.first), last = atoms_after(structure, stretch.last);
    const std::vector<Vec3> loop = positions_of(structure, first, last);
    unit_ = self_overlap(images, loop.data(), loop.size()) / double(loop.size());
    Vec3 low = loop[0], high = loop[0];
    for (const Vec3& x : loop) {
      for (int k = 0; k < 3; ++k) {
        low[k] = std::min(low[k], x[k]);
        high[k] = std::max(high[k], x[k]);
      }
    }
    corner_ = low - Vec3{kReach, kReach, kReach};
    for (int k = 0; k < 3; ++k) size_[k] = int((high[k] - low[k] + 2 * kReach) / kStep) + 2;
    // The loop's own ends touch its neighbours.
    std::vector<Vec3> rest;
    for (int r = 0; r < int(structure.residues.size()); ++r) {
      if (r >= stretch.first - 1 && r <= stretch.last + 1) continue;
      for (int64_t a = atoms_before(structure, r); a < atoms_after(structure, r); ++a) rest.push_back(structure.atoms[size_t(a)].position);
    }
    const size_t count = size_t(size_[0]) * size_t(size_[1]) * size_t(size_[2]);
    gain_[0].assign(count, float(kNowhere * unit_));
    gain_[1] = gain_[0];
    std::vector<Vec3> points;
    std::vector<size_t> cells;
    std::vector<double> price;
    for (size_t cell = 0; cell < count; ++cell) {
      const Vec3 x = corner_ + kStep * Vec3{double(cell % size_[0]), double(cell / size_[0] % size_[1]), double(cell / size_[0] / size_[1])};
      if (nearest(loop, x) > kReach) continue;
      const double contact = nearest(rest, x);
      if (contact < kBlocked) continue;
      points.push_back(x);
      cells.push_back(cell);
      price.push_back(contact < kContact ? kContactPrice * unit_ * (kContact - contact) * (kContact - contact) : 0);
    }
    for (int half = 0; half < 2; ++half) {
      const std::vector<double> gains = images.gains(points, half);
      for (size_t p = 0; p < points.size(); ++p) {
        // The images' residuals are those of the structure with the loop: without it, it is missing.
        double own = 0;
        for (const Vec3& x : loop) own += images.overlap()(norm(points[p] - x));
        gain_[half][cells[p]] = float(gains[p] + own - price[p]);
      }
    }
  }

  double unit() const { return unit_; }  // nats an image
  double at(const Vec3& x, int half) const {
    double t[3];
    int i[3];
    for (int k = 0; k < 3; ++k) {
      t[k] = (x[k] - corner_[k]) / kStep;
      i[k] = int(std::floor(t[k]));
      if (!(i[k] >= 0 && i[k] + 1 < size_[k])) return kNowhere * unit_;
      t[k] -= i[k];
    }
    const size_t line = size_t(size_[0]), plane = line * size_t(size_[1]);
    const float* const g = gain_[half].data() + size_t(i[2]) * plane + size_t(i[1]) * line + size_t(i[0]);
    auto along = [&](size_t offset) { return (1 - t[0]) * g[offset] + t[0] * g[offset + 1]; };
    return (1 - t[2]) * ((1 - t[1]) * along(0) + t[1] * along(line)) + t[2] * ((1 - t[1]) * along(plane) + t[1] * along(plane + line));
  }

 private:
  static double nearest(const std::vector<Vec3>& atoms, const Vec3& x) {
    double best = 1e30;
    for (const Vec3& atom : atoms) best = std::min(best, dot(atom - x, atom - x));
    return std::sqrt(best);
  }

  double unit_ = 0;
  Vec3 corner_;
  int size_[3] = {};
  std::vector<float> gain_[2];  // of each half of the images
};

struct Score {
  double linear = 0, self = 0;
  double gain() const { return linear - self / 2; }
  double shown() const { return linear / self; }
};

Score score(const ResidualImages& images, const GainMap& map, const std::vector<Vec3>& atoms, size_t count, int half) {
  Score result;
  for (size_t a = 0; a < count; ++a) result.linear += map.at(atoms[a], half);
  result.self = self_overlap(images, atoms.data(), count);
  return result;
}

using Value = std::function<double(const LoopChain&)>;

// What the images of one half say of a conformation, in units. Left-handed residues cost each copy of the molecule what they cost any
// protein, in nats whatever the noise; of a loop that is in many places images do not tell them from others.
Value value_of(const ResidualImages& images, const GainMap& map) {
  return [&](const LoopChain& loop) {
    return score(images, map, loop.positions(), size_t(loop.atom_count()), 0).gain() / map.unit() - kOutlierPrice * loop.ramachandran_outliers() -
           kClashPrice * loop.clashes() - loop.left_handed_price() / map.unit();
  };
}

// The best conformation that Metropolis sampling with falling temperature comes by.
LoopChain anneal(const Value& value, const LoopChain& start, int64_t moves, Random random) {
  LoopChain now = start, best = start;
  double energy = value(now), highest = energy;
  for (int64_t m = 0; m < moves && !stop_requested(); ++m) {
    const double done = double(m) / double(moves), temperature = kHot * std::pow(kCold / kHot, done);
    const double size = random.uniform() < kLargeMoves ? kLargeMove : 0.3 * (1 - 0.7 * done);
    LoopChain next = now;
    if (!(random.uniform() < kSideChainMoves ? next.move_side_chain(random) : next.move(size, random))) continue;
    const double gained = value(next) - energy;
    if (gained < 0 && random.uniform() >= std::exp(gained / temperature)) continue;
    energy += gained;
    now = next;
    if (energy > highest) {
      highest = energy;
      best = now;
    }
  }
  return best;
}

// A loop is not in one place, and each try settles in another that gains about the same. What they have in common is nearer to all
// places that the loop takes than any of them: this is the conformation in the middle of them.
LoopChain centre_of(const std::vector<LoopChain>& tries, const LoopChain& start, const Value& value, int64_t moves, Random random) {
  const double before = value(start);
  std::vector<double> gain;
  for (const LoopChain& loop : tries) gain.push_back(value(loop) - before);
  const double enough = kAlike * *std::max_element(gain.begin(), gain.end());
  std::vector<const LoopChain*> good;
  for (size_t t = 0; t < tries.size(); ++t) {
    if (gain[t] >= enough) good.push_back(&tries[t]);
  }
  if (good.empty()) return start;
  const auto atoms = size_t(start.atom_count());
  std::vector<Vec3> centre(atoms);
  for (const LoopChain* loop : good) {
    for (size_t a = 0; a < atoms; ++a) centre[a] += loop->positions()[a] * (1 / double(good.size()));
  }
  auto distance = [&](const LoopChain& loop) {  // mean square, A^2
    double sum = 0;
    for (size_t a = 0; a < atoms; ++a) sum += dot(loop.positions()[a] - centre[a], loop.positions()[a] - centre[a]);
    return sum / double(atoms);
  };
  log_debug("{} of {} tries gain about the same", good.size(), tries.size());
  const LoopChain& nearest = **std::min_element(good.begin(), good.end(), [&](auto a, auto b) { return distance(*a) < distance(*b); });
  return anneal([&](const LoopChain& loop) { return value(loop) - kCentrePrice * distance(loop); }, nearest, moves, random);
}

// Nothing when it is found nowhere better.
std::optional<FoundLoop> search_loop(const ResidualImages& images, const Structure& structure, Stretch stretch, const LoopSearchConfig& config, uint64_t seed) {
  const std::string name = stretch_name(structure, stretch);
  const LoopChain start(structure, stretch.first, stretch.last);
  const GainMap map(images, structure, stretch);
  const auto atoms = size_t(start.atom_count());
  // The images that do not say where to.
  const Score before = score(images, map, start.positions(), atoms, 1);
  if (before.shown() > kHardlyShown) return std::nullopt;
  Progress progress("looking for loop " + name, config.tries + 1, "runs");
  std::mutex advancing;
  const Random random = Random(seed, 0x100b).substream(uint64_t(stretch.first));
  const Value value = value_of(images, map);
  std::vector<LoopChain> tries(size_t(config.tries), start);
  parallel_for(config.tries, 1, [&](int64_t first, int64_t last) {
    for (int64_t t = first; t < last; ++t) {
      tries[size_t(t)] = anneal(value, start, config.moves, random.substream(uint64_t(t)));
      const std::lock_guard<std::mutex> lock(advancing);
      progress.advance(1);
    }
  });
  const LoopChain centre = centre_of(tries, start, value, config.moves, random.substream(uint64_t(config.tries)));
  if (stop_requested()) throw Interrupted("stopped while looking for loops; nothing was written");
  progress.advance(1);
  progress.finish();
  const Score after = score(images, map, centre.positions(), atoms, 1);
  const double gain = after.gain() - before.gain();
  // What differs is seen with a variance of its own squared length, at most the sum of both.
  const double error = std::sqrt(2 * (before.self + after.self) / double(images.size()));
  log_debug("{}: gains {:.3f} +- {:.3f} nats an image, {:.0f} % of it shown", name, gain, error, 100 * after.shown());
  const bool better = gain >= kSureness * error && gain >= kWorthwhile * after.self && after.shown() >= kTooLittle && after.shown() <= kTooMuch;
  if (!better) {
    log_info("Loop {} stays: the images show it no better anywhere else", name);
    return std::nullopt;
  }
  const auto first = centre.positions().begin();
  return FoundLoop{stretch, {first, first + std::ptrdiff_t(atoms)}, gain, before.shown(), after.shown()};
}

}  // namespace

void LoopSearchConfig::visit(ConfigVisitor& v) {
  v.field("used", used, "look for loops that the images show elsewhere than the base structure, and start from where they are");
  v.field("particles", particles, "that are looked at");
  v.field("tries", tries, "annealing runs for each loop");
  v.field("moves", moves, "of each run");
}

std::vector<double> shown_residues(const ResidualImages& images, const Structure& structure) {
  const int count = structure.residue_count();
  const std::vector<double> gains = images.gains_of_atoms();
  std::vector<double> shown;
  for (int r = 0; r < count; ++r) {
    int first = r, last = r;
    while (first > 0 && r - first < kNeighbours && structure.residues[first].bonded_to_previous) --first;
    while (last + 1 < count && last - r < kNeighbours && structure.residues[last + 1].bonded_to_previous) ++last;
    const std::vector<Vec3> atoms = positions_of(structure, atoms_before(structure, first), atoms_after(structure, last));
    double more = 0;
    for (int64_t a = atoms_before(structure, first); a < atoms_after(structure, last); ++a) more += gains[size_t(a)];
    shown.push_back(1 + more / self_overlap(images, atoms.data(), atoms.size()));
  }
  std::vector<double> protein;
  for (int r = 0; r < count; ++r) {
    if (structure.residues[r].kind == ResidueKind::protein) protein.push_back(shown[r]);
  }
  if (protein.empty()) return shown;
  std::nth_element(protein.begin(), protein.begin() + std::ptrdiff_t(protein.size() / 2), protein.end());
  for (double& value : shown) value /= protein[protein.size() / 2];
  return shown;
}

std::vector<Stretch> stretches_of(const Structure& structure, const std::function<bool(int)>& chosen) {
  std::vector<Stretch> found;
  for (int r = 0; r < structure.residue_count(); ++r) {
    if (!chosen(r)) continue;
    if (!found.empty() && found.back().last == r - 1 && structure.residues[r].bonded_to_previous) {
      found.back().last = r;
    } else {
      found.push_back({r, r});
    }
  }
  return found;
}

MisplacedLoops misplaced_loops(const Structure& structure, const std::vector<double>& shown) {
  const int count = structure.residue_count();
  auto hardly = [&](int r) { return structure.residues[r].kind == ResidueKind::protein && shown[r] < kHardlyShown; };
  MisplacedLoops found;
  int misplaced = 0;
  for (int r = 0; r < count; ++r) misplaced += hardly(r);
  if (misplaced > kMisplaced * count) {
    found.remarks.push_back(formatted("Loops: the images hardly show {} of {} residues where the structure has them: it moves in larger parts, and loops are not looked for", misplaced, count));
    return found;
  }
  for (const Stretch& stretch : stretches_of(structure, hardly)) {
    const int length = stretch.last - stretch.first + 1;
    const auto least = *std::min_element(shown.begin() + stretch.first, shown.begin() + stretch.last + 1);
    // It may end a chain, but not where a cap would be left behind.
    const bool before = structure.residues[stretch.first].bonded_to_previous;
    const bool after = stretch.last + 1 < count && structure.residues[stretch.last + 1].bonded_to_previous;
    const bool capped = (before && structure.residues[stretch.first - 1].kind != ResidueKind::protein) ||
                        (after && structure.residues[stretch.last + 1].kind != ResidueKind::protein);
    const bool held = (before || after) && !capped;
    log_debug("{}: {:.2f} of it shown at least", stretch_name(structure, stretch), least);
    if (least >= kHidden) continue;
    if (held && length >= kShortest && length <= kLongest) {
      found.stretches.push_back(stretch);
    } else {
      found.remarks.push_back(formatted("Loops: the images hardly show {}, but it cannot be looked for: {}", stretch_name(structure, stretch),
                                        length < kShortest  ? formatted("it is shorter than {} residues", kShortest)
                                        : length > kLongest ? formatted("it is longer than {} residues", kLongest)
                                        : capped            ? "a cap is bound to it"
                                                            : "no residue that is shown holds it at either end"));
    }
  }
  return found;
}

std::string stretch_name(const Structure& structure, Stretch stretch) {
  const std::string last = residue_label(structure.residues[stretch.last]);
  return residue_label(structure.residues[stretch.first]) + " to " + last.substr(last.find('/') + 1);
}

std::vector<FoundLoop> search_loops(const ImageModel& images, const std::vector<ParticleBatch>& batches, const Structure& structure,
                                    const std::vector<Stretch>& stretches, const LoopSearchConfig& config, uint64_t seed) {
  std::vector<FoundLoop> found;
  Structure now = structure;
  std::vector<Stretch> left = stretches;
  // A loop in a wrong place hides what is there: whichever gains most goes first, and the others are looked at again without it.
  while (!left.empty()) {
    const Tensor positions = tensor_from(now.coordinates(), {1, now.atom_count(), 3});
    const ResidualImages residuals(images, batches, std::vector<Tensor>(batches.size(), positions), kLoopAtomWidth);
    std::vector<FoundLoop> better;
    for (const Stretch& stretch : left) {
      const std::optional<FoundLoop> loop = search_loop(residuals, now, stretch, config, seed);
      if (loop) better.push_back(*loop);
    }
    if (better.empty()) break;
    const FoundLoop best = *std::max_element(better.begin(), better.end(), [](const FoundLoop& a, const FoundLoop& b) { return a.gain < b.gain; });
    for (size_t a = 0; a < best.positions.size(); ++a) now.atoms[size_t(atoms_before(now, best.stretch.first)) + a].position = best.positions[a];
    found.push_back(best);
    left.clear();
    for (const FoundLoop& loop : better) {
      if (loop.stretch.first != best.stretch.first) left.push_back(loop.stretch);
    }
  }
  return found;
}

}  // namespace cryomer
