#include "cryomer/protein/rigid_residues.h"

#include "cryomer/geometry/rotation.h"
#include "cryomer/protein/side_chain_torsions.h"

namespace cryomer {

namespace {

using PositionOf = std::function<Vec3(int)>;

ResidueFrame frame_of(const Structure& structure, int residue, const PositionOf& position) {
  const Residue& r = structure.residues[residue];
  if (r.kind == ResidueKind::protein) {
    const Vec3 n = position(structure.find_atom(residue, "N")), ca = position(structure.find_atom(residue, "CA")),
               c = position(structure.find_atom(residue, "C"));
    return {rotation_from_two_vectors(c - ca, n - ca), ca};
  }
  Vec3 centroid;
  for (int a = r.first_atom; a < r.first_atom + r.atom_count; ++a) centroid += position(a);
  return {Mat3{}, (1.0 / r.atom_count) * centroid};
}

// Of a residue: frames and torsions have no direction there.
void check_no_atoms_coincide(const Structure& structure) {
  constexpr double kSame = 0.01;  // A
  for (const Residue& residue : structure.residues) {
    for (int a = residue.first_atom; a < residue.first_atom + residue.atom_count; ++a) {
      for (int b = residue.first_atom; b < a; ++b) {
        if (norm(structure.atoms[a].position - structure.atoms[b].position) > kSame) continue;
        fail("{}: atoms {} and {} are in the same place, as if nobody had given them one. Give them coordinates, or leave the residue out", structure.source,
             atom_label(structure, b), atom_label(structure, a));
      }
    }
  }
}

}  // namespace

std::vector<ResidueFrame> residue_frames(const Structure& structure) {
  std::vector<ResidueFrame> frames;
  for (int r = 0; r < structure.residue_count(); ++r) {
    frames.push_back(frame_of(structure, r, [&](int a) { return structure.atoms[a].position; }));
  }
  return frames;
}

std::shared_ptr<const RigidBodyData> rigid_residues(const Structure& structure) {
  check_no_atoms_coincide(structure);
  auto bodies = std::make_shared<RigidBodyData>();
  const std::vector<ResidueFrame> frames = residue_frames(structure);
  const size_t n = frames.size();
  bodies->rotation.resize(9 * n);
  bodies->origin.resize(3 * n);
  for (size_t r = 0; r < n; ++r) {
    for (int k = 0; k < 9; ++k) bodies->rotation[k * n + r] = static_cast<float>(frames[r].rotation.values[k]);
    for (int k = 0; k < 3; ++k) bodies->origin[k * n + r] = static_cast<float>(frames[r].origin[k]);
    const Residue& residue = structure.residues[r];
    bodies->first_atom.push_back(residue.first_atom);
    const Mat3 back = transposed(frames[r].rotation);
    for (int a = residue.first_atom; a < residue.first_atom + residue.atom_count; ++a) {
      const Vec3 local = back * (structure.atoms[a].position - frames[r].origin);
      for (int k = 0; k < 3; ++k) bodies->local.push_back(static_cast<float>(local[k]));
    }
  }
  bodies->first_atom.push_back(structure.atom_count());
  bodies->side_chains = side_chain_torsions(structure);
  return bodies;
}

}  // namespace cryomer
