#include "cryomer/protein/normal_modes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "cryomer/geometry/symmetric_eigen.h"
#include "cryomer/protein/rigid_residues.h"

namespace cryomer {

namespace {

struct Spring {
  int i, j;
  double strength;
};

double contact_strength(const Structure& s, int a, int b, const ElasticNetwork& network) {
  const Residue &first = s.residues[a], &second = s.residues[b];
  const bool part_of_a_chain = first.kind != ResidueKind::other && second.kind != ResidueKind::other;
  const bool near = first.chain == second.chain && std::abs(a - b) <= network.contact_span;
  return part_of_a_chain && !near ? network.contact_factor : 1.0;
}

// Which residues are in one piece.
class Pieces {
 public:
  explicit Pieces(int residues) : parent_(size_t(residues)) { std::iota(parent_.begin(), parent_.end(), 0); }
  int of(int residue) {
    while (parent_[size_t(residue)] != residue) residue = parent_[size_t(residue)] = parent_[size_t(parent_[size_t(residue)])];
    return residue;
  }
  void join(int a, int b) { parent_[size_t(of(a))] = of(b); }

 private:
  std::vector<int> parent_;
};

// How well springs hold the piece of these atoms in its softest direction, in springs; turns are weighed by its radius.
double hold_of(const Structure& s, const std::vector<int>& atoms, const std::vector<Spring>& springs) {
  const int freedoms = atoms.size() == 1 ? 3 : 6;
  Vec3 centre;
  for (const int a : atoms) centre += (1.0 / double(atoms.size())) * s.atoms[size_t(a)].position;
  double square = 1;
  for (const int a : atoms) square += dot(s.atoms[size_t(a)].position - centre, s.atoms[size_t(a)].position - centre) / double(atoms.size());
  std::vector<double> stiffness(size_t(freedoms * freedoms), 0.0);
  for (const Spring& spring : springs) {
    const Vec3 x = s.atoms[size_t(spring.i)].position, n = normalized(x - s.atoms[size_t(spring.j)].position);
    const Vec3 t = (1 / std::sqrt(square)) * cross(x - centre, n);
    const double g[6] = {n.x, n.y, n.z, t.x, t.y, t.z};
    for (int p = 0; p < freedoms; ++p) {
      for (int q = 0; q < freedoms; ++q) stiffness[size_t(p * freedoms + q)] += g[p] * g[q];
    }
  }
  return symmetric_eigen(stiffness, freedoms).values.front();
}

// A piece that nothing holds, or an atom's contact alone, moves at no cost, and beside it no other mode is soft: such pieces are tied to what is
// nearest to them.
void tie_loose_pieces(const Structure& s, const ElasticNetwork& network, std::vector<Spring>& springs) {
  constexpr int kOnePiece = 10;         // springs between two residues
  constexpr double kHeld = 0.3;         // springs
  constexpr double kBeyondNearest = 4;  // A: enough pairs for no hinge to be left
  const auto residue_of = [&](int atom) { return s.atoms[size_t(atom)].residue; };
  Pieces pieces(s.residue_count());
  std::map<std::pair<int, int>, int> between;
  for (const Spring& spring : springs) {
    const auto pair = std::minmax({residue_of(spring.i), residue_of(spring.j)});
    if (++between[pair] == kOnePiece) pieces.join(pair.first, pair.second);
  }
  for (;;) {
    std::map<int, std::vector<int>> atoms;
    for (int a = 0; a < s.atom_count(); ++a) atoms[pieces.of(residue_of(a))].push_back(a);
    if (atoms.size() < 2) return;
    const auto smallest = std::min_element(atoms.begin(), atoms.end(), [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
    const int piece = smallest->first;
    std::vector<Spring> held;
    for (const Spring& spring : springs) {
      if ((pieces.of(residue_of(spring.i)) == piece) != (pieces.of(residue_of(spring.j)) == piece)) held.push_back(spring);
    }
    if (hold_of(s, smallest->second, held) < kHeld) {
      std::vector<std::pair<double, Spring>> ties;
      double nearest = std::numeric_limits<double>::infinity();
      for (int j = 0; j < s.atom_count(); ++j) {
        if (pieces.of(residue_of(j)) == piece) continue;
        for (const int i : smallest->second) {
          const double length = norm(s.atoms[size_t(i)].position - s.atoms[size_t(j)].position);
          nearest = std::min(nearest, length);
          if (length > network.cutoff && length <= std::max(nearest, network.cutoff) + kBeyondNearest) {
            ties.push_back({length, {i, j, contact_strength(s, residue_of(i), residue_of(j), network)}});
          }
        }
      }
      for (const auto& [length, tie] : ties) {
        if (length > std::max(nearest, network.cutoff) + kBeyondNearest) continue;
        springs.push_back(tie);
        held.push_back(tie);
      }
    }
    if (held.empty()) return;
    for (const Spring& spring : held) pieces.join(residue_of(spring.i), residue_of(spring.j));
  }
}

// Atom pairs of different residues within the cutoff, by a cell grid, and what more it takes to hold the network together.
std::vector<Spring> springs_of(const Structure& s, const ElasticNetwork& network) {
  constexpr double kLinkLength = 2.0;
  std::map<std::array<int, 3>, std::vector<int>> cells;
  auto cell_of = [&](Vec3 x) {
    return std::array<int, 3>{int(std::floor(x.x / network.cutoff)), int(std::floor(x.y / network.cutoff)),
                              int(std::floor(x.z / network.cutoff))};
  };
  for (int a = 0; a < s.atom_count(); ++a) cells[cell_of(s.atoms[a].position)].push_back(a);
  std::vector<Spring> springs;
  for (int i = 0; i < s.atom_count(); ++i) {
    const auto centre = cell_of(s.atoms[i].position);
    for (int dx = -1; dx <= 1; ++dx) {
      for (int dy = -1; dy <= 1; ++dy) {
        for (int dz = -1; dz <= 1; ++dz) {
          const auto cell = cells.find({centre[0] + dx, centre[1] + dy, centre[2] + dz});
          if (cell == cells.end()) continue;
          for (const int j : cell->second) {
            if (j <= i || s.atoms[i].residue == s.atoms[j].residue) continue;
            const double length = norm(s.atoms[i].position - s.atoms[j].position);
            if (length > network.cutoff || length < 1e-3) continue;
            springs.push_back({i, j, length < kLinkLength ? network.link_factor : contact_strength(s, s.atoms[i].residue, s.atoms[j].residue, network)});
          }
        }
      }
    }
  }
  tie_loose_pieces(s, network, springs);
  return springs;
}

// Residues to blocks: one each, or runs of neighbours when there would be too many.
std::vector<int> blocks_of(const Structure& s, int largest_count) {
  const int per_block = (s.residue_count() + largest_count - 1) / largest_count;
  std::vector<int> block(s.residue_count());
  int current = -1, filled = per_block;
  for (int r = 0; r < s.residue_count(); ++r) {
    const bool same_chain = r > 0 && s.residues[r].chain == s.residues[r - 1].chain;
    if (filled >= per_block || !same_chain) {
      ++current;
      filled = 0;
    }
    block[r] = current;
    ++filled;
  }
  return block;
}

}  // namespace

NormalModes normal_modes(const Structure& structure, int count, const ElasticNetwork& network) {
  const std::vector<int> block = blocks_of(structure, network.largest_block_count);
  const int blocks = block.back() + 1;
  const int64_t dimension = 6 * int64_t{blocks};
  count = static_cast<int>(std::min<int64_t>(count, dimension - 6));
  if (count <= 0) fail("{}: too few residues for normal modes", structure.source);

  auto block_of_atom = [&](int a) { return block[structure.atoms[a].residue]; };
  std::vector<Vec3> centre(blocks);
  std::vector<int> atoms(blocks, 0);
  for (int a = 0; a < structure.atom_count(); ++a) {
    centre[block_of_atom(a)] += structure.atoms[a].position;
    ++atoms[block_of_atom(a)];
  }
  for (int b = 0; b < blocks; ++b) centre[b] = (1.0 / atoms[b]) * centre[b];

  // Stiffness K and mass M (every atom weighs one, so that amplitudes are RMSDs) in the 6 coordinates of each block.
  Tensor stiffness = at::zeros({dimension, dimension}, at::kDouble);
  double* const k = stiffness.data_ptr<double>();
  for (const Spring& spring : springs_of(structure, network)) {
    const Vec3 xi = structure.atoms[spring.i].position, xj = structure.atoms[spring.j].position;
    const Vec3 n = normalized(xi - xj);
    const int bi = block_of_atom(spring.i), bj = block_of_atom(spring.j);
    if (bi == bj) continue;
    const Vec3 ti = cross(xi - centre[bi], n), tj = cross(xj - centre[bj], n);
    const double gi[6] = {n.x, n.y, n.z, ti.x, ti.y, ti.z}, gj[6] = {-n.x, -n.y, -n.z, -tj.x, -tj.y, -tj.z};
    for (int p = 0; p < 6; ++p) {
      for (int q = 0; q < 6; ++q) {
        k[(6 * bi + p) * dimension + 6 * bi + q] += spring.strength * gi[p] * gi[q];
        k[(6 * bi + p) * dimension + 6 * bj + q] += spring.strength * gi[p] * gj[q];
        k[(6 * bj + p) * dimension + 6 * bi + q] += spring.strength * gj[p] * gi[q];
        k[(6 * bj + p) * dimension + 6 * bj + q] += spring.strength * gj[p] * gj[q];
      }
    }
  }
  Tensor mass = at::zeros({blocks, 6, 6}, at::kDouble);
  auto m = mass.accessor<double, 3>();
  for (int b = 0; b < blocks; ++b) {
    for (int p = 0; p < 3; ++p) m[b][p][p] = atoms[b];
    for (int p = 3; p < 6; ++p) m[b][p][p] = 0.5;  // single atoms and lines of atoms can turn at no cost
  }
  for (int a = 0; a < structure.atom_count(); ++a) {
    const int b = block_of_atom(a);
    const Vec3 x = structure.atoms[a].position - centre[b];
    for (int p = 0; p < 3; ++p) {
      for (int q = 0; q < 3; ++q) m[b][3 + p][3 + q] += (p == q ? dot(x, x) : 0.0) - x[p] * x[q];
    }
  }
  // Turning a single atom, or a line of atoms about itself, moves nothing and strains nothing. Held with stiff springs, these
  // freedoms end up among the stiffest modes; free, they would be as soft as the motion of the whole.
  constexpr double kLeastInertia = 0.05, kHold = 1e3;  // A^2; in springs
  for (int b = 0; b < blocks; ++b) {
    std::vector<double> inertia(9);
    for (int p = 0; p < 3; ++p) {
      for (int q = 0; q < 3; ++q) inertia[3 * p + q] = m[b][3 + p][3 + q] - (p == q ? 0.5 : 0.0);
    }
    const SymmetricEigen axes = symmetric_eigen(inertia, 3);
    for (int axis = 0; axis < 3; ++axis) {
      if (axes.values[axis] > kLeastInertia) continue;
      for (int p = 0; p < 3; ++p) {
        for (int q = 0; q < 3; ++q) {
          k[(6 * b + 3 + p) * dimension + 6 * b + 3 + q] += kHold * axes.vectors[3 * axis + p] * axes.vectors[3 * axis + q];
        }
      }
    }
  }
  // K q = s M q as an ordinary eigenproblem with the Cholesky factors of the 6 x 6 mass blocks: q = L^-T y.
  const Tensor inverse = at::linalg_inv(at::linalg_cholesky(mass));  // [blocks, 6, 6]
  Tensor scaled = stiffness.reshape({blocks, 6, blocks, 6}).permute({0, 2, 1, 3});  // [b, c, 6, 6]
  scaled = at::matmul(at::matmul(inverse.unsqueeze(1), scaled), inverse.transpose(1, 2).unsqueeze(0));
  scaled = scaled.permute({0, 2, 1, 3}).reshape({dimension, dimension});
  const auto [values, vectors] = at::linalg_eigh(scaled);
  const Tensor softest = vectors.slice(1, 6, 6 + count).t().reshape({count, blocks, 6, 1});
  const Tensor block_motion =
      at::matmul(inverse.transpose(1, 2).unsqueeze(0), softest).squeeze(3) * std::sqrt(double(structure.atom_count()));

  NormalModes modes;
  const std::vector<ResidueFrame> frames = residue_frames(structure);
  modes.translation = at::empty({count, structure.residue_count(), 3});
  modes.rotation = at::empty({count, structure.residue_count(), 3});
  const Tensor motion_plain = block_motion.contiguous();
  const auto motion = motion_plain.accessor<double, 3>();
  auto translation = modes.translation.accessor<float, 3>();
  auto rotation = modes.rotation.accessor<float, 3>();
  for (int i = 0; i < count; ++i) {
    modes.stiffness.push_back(values[6 + i].item<double>());
    for (int r = 0; r < structure.residue_count(); ++r) {
      const int b = block[r];
      const Vec3 t{motion[i][b][0], motion[i][b][1], motion[i][b][2]}, w{motion[i][b][3], motion[i][b][4], motion[i][b][5]};
      const Mat3 back = transposed(frames[r].rotation);
      const Vec3 local_t = back * (t + cross(w, frames[r].origin - centre[b])), local_w = back * w;
      for (int axis = 0; axis < 3; ++axis) {
        translation[i][r][axis] = static_cast<float>(local_t[axis]);
        rotation[i][r][axis] = static_cast<float>(local_w[axis]);
      }
    }
  }
  return modes;
}

}  // namespace cryomer
