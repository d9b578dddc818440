#include "cryomer/loop_search/loop_chain.h"

#include <algorithm>
#include <cmath>
#include <complex>

#include "cryomer/base/error.h"
#include "cryomer/base/units.h"
#include "cryomer/geometry/rotation.h"
#include "cryomer/geometry/superpose.h"
#include "cryomer/structure/ramachandran.h"

namespace cryomer {

namespace {

constexpr int kSweeps = 20;              // over the torsions, that may close a window
constexpr int kEarlySweeps = 4;          // after which a window that closes is nearly closed
constexpr double kNearlyClosed = 0.5;    // A
constexpr double kClosed = 0.02;         // A, within the stretch
constexpr double kEndClosed = 0.05;      // A, at its end
constexpr int kLargestWindow = 12;       // residues that a move changes
constexpr double kStaggeredWidth = 0.2;  // radians, by which torsions of side chains vary about where they are staggered
constexpr double kHeld = 2.7;            // A, between atoms that a bond or an angle joins, at most (with sulphur 2.8, which does not change)
constexpr double kNearestAtoms = 2.4;    // A, of the others of a residue: those of an eclipsed bond are 2.5 A from each other
constexpr double kNearestCas = 3.9;      // A, of residues that do not follow each other

double rms_distance(const Vec3 a[3], const Vec3 b[3]) {
  double sum = 0;
  for (int i = 0; i < 3; ++i) sum += dot(a[i] - b[i], a[i] - b[i]);
  return std::sqrt(sum / 3);
}

Vec3 turned(Vec3 x, Vec3 origin, const Mat3& rotation) { return rotation * (x - origin) + origin; }

// About a unit vector (Rodrigues).
Mat3 rotation_about(Vec3 axis, double cosine, double sine) {
  const Vec3 v = sine * axis, w = (1 - cosine) * axis;
  return {{cosine + w.x * axis.x, w.x * axis.y - v.z, w.x * axis.z + v.y,  //
           w.x * axis.y + v.z, cosine + w.y * axis.y, w.y * axis.z - v.x,  //
           w.x * axis.z - v.y, w.y * axis.z + v.x, cosine + w.z * axis.z}};
}

}  // namespace

LoopChain::LoopChain(const Structure& structure, int first, int last) {
  auto topology = std::make_shared<Topology>();
  auto backbone = [&](int residue, const char* name) {
    const int atom = structure.find_atom(residue, name);
    if (structure.residues[residue].kind != ResidueKind::protein || atom < 0) {
      fail("{}: {} has no backbone atom {} and cannot be part of a loop", structure.source, residue_label(structure.residues[residue]), name);
    }
    return atom;
  };
  for (int r = first + 1; r <= last; ++r) {
    if (!structure.residues[r].bonded_to_previous) fail("{}: the chain is broken before {}, within a loop", structure.source, residue_label(structure.residues[r]));
  }
  topology->held_before = structure.residues[first].bonded_to_previous;
  topology->held_after = last + 1 < structure.residue_count() && structure.residues[last + 1].bonded_to_previous;
  if (!topology->held_before && !topology->held_after) {
    fail("{}: {} to {} are a whole chain, not a loop", structure.source, residue_label(structure.residues[first]), residue_label(structure.residues[last]));
  }
  topology->first = first;
  const int offset = structure.residues[first].first_atom;
  for (int r = first; r <= last; ++r) {
    const cryomer::Residue& from = structure.residues[r];
    Residue residue;
    residue.name = from.name;
    residue.first_atom = from.first_atom - offset;
    residue.n = backbone(r, "N") - offset;
    residue.ca = backbone(r, "CA") - offset;
    residue.c = backbone(r, "C") - offset;
    residue.phi_turns = from.name != "PRO" && from.bonded_to_previous;
    for (int a = 0; a < from.atom_count; ++a) {
      const int atom = residue.first_atom + a;
      const std::string& name = structure.atoms[from.first_atom + a].name;
      if (atom != residue.n && atom != residue.ca) residue.turned_by_phi.push_back(atom);
      if (name == "O" || name == "OXT") residue.turned_by_psi.push_back(atom);
      positions_.push_back(structure.atoms[from.first_atom + a].position);
      for (int b = residue.first_atom; b < atom; ++b) {
        if (norm(positions_[size_t(b)] - positions_[size_t(atom)]) > kHeld) residue.apart.push_back({b, atom});
      }
    }
    topology->residues.push_back(residue);
  }
  topology->atoms = int(positions_.size());
  for (SideChainBond bond : side_chain_bonds(structure)) {
    if (bond.residue < first || bond.residue > last) continue;
    for (int* const atom : {&bond.from, &bond.about, &bond.before, &bond.after}) *atom -= offset;
    for (int& atom : bond.beyond) atom -= offset;
    topology->side_chains.push_back(bond);
  }
  if (topology->held_before) topology->c_before = structure.atoms[backbone(first - 1, "C")].position;
  if (topology->held_after) {
    const char* const names[] = {"N", "CA", "C"};
    for (int i = 0; i < 3; ++i) positions_.push_back(topology->n_after[i] = structure.atoms[backbone(last + 1, names[i])].position);
  }
  topology_ = topology;
}

int LoopChain::atom_count() const { return topology_->atoms; }

void LoopChain::frame(int k, Vec3 out[3]) const {
  const Topology& t = *topology_;
  const bool after = k == int(t.residues.size());
  out[0] = positions_[after ? t.atoms : t.residues[k].n];
  out[1] = positions_[after ? t.atoms + 1 : t.residues[k].ca];
  out[2] = positions_[after ? t.atoms + 2 : t.residues[k].c];
}

void LoopChain::turn(int k, bool psi, double angle) {
  const Residue& residue = topology_->residues[k];
  const Vec3 from = positions_[psi ? residue.ca : residue.n], to = positions_[psi ? residue.c : residue.ca];
  const Mat3 rotation = rotation_from_vector(angle * normalized(to - from));
  for (const int a : psi ? residue.turned_by_psi : residue.turned_by_phi) positions_[a] = turned(positions_[a], from, rotation);
  const size_t next = k + 1 < int(topology_->residues.size()) ? size_t(topology_->residues[k + 1].first_atom) : size_t(topology_->atoms);
  for (size_t a = next; a < positions_.size(); ++a) positions_[a] = turned(positions_[a], from, rotation);
}

// Brings the frame that follows residues [first, last) to the target by their torsions. The descent needs the backbone only.
bool LoopChain::close(int first, int last, const Vec3 target[3], double tolerance) {
  const int count = last - first;
  std::vector<Vec3> x(3 * size_t(count) + 3);
  for (int k = 0; k <= count; ++k) frame(first + k, x.data() + 3 * k);
  std::vector<std::complex<double>> turns(2 * size_t(count), 1.0);  // e^(i angle)
  Vec3* const end = x.data() + 3 * count;
  bool closed = rms_distance(end, target) < tolerance;
  for (int sweep = 0; sweep < kSweeps && !closed; ++sweep) {
    for (int t = 0; t < 2 * count; ++t) {
      const bool psi = t % 2 == 1;
      if (!psi && !topology_->residues[first + t / 2].phi_turns) continue;
      const Vec3 from = x[3 * (t / 2) + (psi ? 1 : 0)], axis = normalized(x[3 * (t / 2) + (psi ? 2 : 1)] - from);
      double along = 0, across = 0;
      for (int i = 0; i < 3; ++i) {
        const Vec3 v = end[i] - from, aim = target[i] - from, flat = v - dot(v, axis) * axis;
        along += dot(aim, flat);
        across += dot(aim, cross(axis, flat));
      }
      const double length = std::sqrt(along * along + across * across);
      if (length == 0) continue;
      const Mat3 rotation = rotation_about(axis, along / length, across / length);
      for (size_t a = 3 * size_t(t / 2) + (psi ? 3 : 2); a < x.size(); ++a) x[a] = turned(x[a], from, rotation);
      turns[size_t(t)] *= std::complex<double>(along, across) / length;
    }
    const double distance = rms_distance(end, target);
    closed = distance < tolerance;
    if (sweep + 1 >= kEarlySweeps && distance > kNearlyClosed) return false;
  }
  if (!closed) return false;
  for (int t = 0; t < 2 * count; ++t) {
    const double angle = std::arg(turns[size_t(t)]);
    if (angle != 0) turn(first + t / 2, t % 2 == 1, angle);
  }
  return true;
}

double LoopChain::gap() const {
  if (!topology_->held_after) return 0;
  Vec3 end[3];
  frame(int(topology_->residues.size()), end);
  return rms_distance(end, topology_->n_after);
}

bool LoopChain::move(double size, Random& random) {
  const Topology& t = *topology_;
  const auto count = int(t.residues.size());
  const int window = std::min({count, 3 + int(random.below(uint64_t(kLargestWindow - 2)))});
  const int first = int(random.below(uint64_t(count - window + 1))), last = first + window;
  const std::vector<Vec3> before = positions_;
  Vec3 target[3];
  frame(std::min(last, t.held_after ? count : count - 1), target);
  const int kicks = 1 + int(random.below(3));
  for (int i = 0; i < kicks; ++i) {
    const int k = first + int(random.below(uint64_t(window)));
    const bool psi = random.below(2) == 1;
    if (psi || t.residues[k].phi_turns) turn(k, psi, size * random.normal());
  }
  bool good = true;
  if (t.held_before && t.held_after) {
    good = close(first, last, target, kClosed);
    // What is left of the window's gap moves all that follows; the chain as a whole takes that out.
    if (good && gap() > kEndClosed) good = close(0, count, t.n_after, kEndClosed);
  } else if (t.held_after) {
    // The free end moves instead.
    float mobile[9], fixed[9];
    Vec3 end[3];
    frame(count, end);
    for (int i = 0; i < 9; ++i) {
      mobile[i] = float(end[i / 3][i % 3] - t.n_after[0][i % 3]);
      fixed[i] = float(t.n_after[i / 3][i % 3] - t.n_after[0][i % 3]);
    }
    const RigidTransform back = superpose(mobile, fixed, 3).transform;
    for (Vec3& x : positions_) x = back.apply(x - t.n_after[0]) + t.n_after[0];
  }
  if (!good) positions_ = before;
  return good;
}

bool LoopChain::is_folded(const Residue& residue) const {
  return std::any_of(residue.apart.begin(), residue.apart.end(), [&](const auto& pair) {
    const Vec3 between = positions_[size_t(pair.first)] - positions_[size_t(pair.second)];
    return dot(between, between) < kNearestAtoms * kNearestAtoms;
  });
}

bool LoopChain::move_side_chain(Random& random) {
  const std::vector<SideChainBond>& bonds = topology_->side_chains;
  if (bonds.empty()) return false;
  const SideChainBond& bond = bonds[random.below(bonds.size())];
  const bool far = random.below(2) == 1;
  const Vec3 from = positions_[bond.from], about = positions_[bond.about];
  double angle = far ? 2 * kPi * random.uniform() : 0.3 * random.normal();
  if (bond.staggered) {
    const double now = torsion_angle(positions_[bond.before], from, about, positions_[bond.after]);
    const double well = far ? radians(60 + 120 * double(random.below(3))) : radians(60 + 120 * std::round((degrees(now) - 60) / 120));
    angle = well + kStaggeredWidth * random.normal() - now;
  }
  const Mat3 rotation = rotation_from_vector(angle * normalized(about - from));
  const std::vector<Vec3> before = positions_;
  for (const int a : bond.beyond) positions_[a] = turned(positions_[a], from, rotation);
  const bool good = !is_folded(topology_->residues[size_t(bond.residue - topology_->first)]);
  if (!good) positions_ = before;
  return good;
}

double LoopChain::phi(int k) const {
  const Residue& r = topology_->residues[k];
  const Vec3 before = k > 0 ? positions_[topology_->residues[k - 1].c] : topology_->c_before;
  return torsion_angle(before, positions_[r.n], positions_[r.ca], positions_[r.c]);
}

double LoopChain::psi(int k) const {
  const Residue& r = topology_->residues[k];
  Vec3 after[3];
  frame(k + 1, after);
  return torsion_angle(positions_[r.n], positions_[r.ca], positions_[r.c], after[0]);
}

template <class Visit>
void LoopChain::for_each_backbone_turn(const Visit& visit) const {
  const auto count = int(topology_->residues.size());
  for (int k = topology_->held_before ? 0 : 1; k < count - (topology_->held_after ? 0 : 1); ++k) visit(topology_->residues[size_t(k)].name, k);
}

int LoopChain::ramachandran_outliers() const {
  int outliers = 0;
  for_each_backbone_turn([&](const std::string& name, int k) { outliers += is_ramachandran_outlier(name, phi(k), psi(k)); });
  return outliers;
}

double LoopChain::left_handed_price() const {
  double price = 0;
  for_each_backbone_turn([&](const std::string& name, int k) { price += phi(k) > 0 ? cryomer::left_handed_price(name) : 0; });
  return price;
}

int LoopChain::clashes() const {
  const std::vector<Residue>& residues = topology_->residues;
  int found = 0;
  for (size_t k = 0; k < residues.size(); ++k) {
    found += is_folded(residues[k]);
    for (size_t l = 0; l + 2 < k; ++l) found += norm(positions_[residues[k].ca] - positions_[residues[l].ca]) < kNearestCas;
  }
  return found;
}

}  // namespace cryomer
