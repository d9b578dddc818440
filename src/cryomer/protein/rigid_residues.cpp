#include "cryomer/protein/rigid_residues.h"

#include "cryomer/geometry/rotation.h"

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

}  // namespace

std::vector<ResidueFrame> residue_frames(const Structure& structure) {
  std::vector<ResidueFrame> frames;
  for (int r = 0; r < structure.residue_count(); ++r) {
    frames.push_back(frame_of(structure, r, [&](int a) { return structure.atoms[a].position; }));
  }
  return frames;
}

std::shared_ptr<const RigidBodyData> rigid_residues(const Structure& structure) {
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
  return bodies;
}

std::array<float, 9> delta_from_frames(const ResidueFrame& base, const ResidueFrame& moved) {
  const Mat3 back = transposed(base.rotation);
  const Vec3 translation = back * (moved.origin - base.origin);
  const Mat3 rotation = back * moved.rotation;
  const Vec3 d1 = rotation.column(0) - Vec3{1, 0, 0}, d2 = rotation.column(1) - Vec3{0, 1, 0};
  std::array<float, 9> delta;
  for (int k = 0; k < 3; ++k) {
    delta[k] = static_cast<float>(translation[k]);
    delta[3 + k] = static_cast<float>(d1[k]);
    delta[6 + k] = static_cast<float>(d2[k]);
  }
  return delta;
}

std::vector<ResidueFrame> fit_frames(const Structure& structure, const float* conformation) {
  const std::vector<ResidueFrame> base = residue_frames(structure);
  auto position = [&](int a) {
    return Vec3{conformation[3 * a], conformation[3 * a + 1], conformation[3 * a + 2]};
  };
  std::vector<ResidueFrame> frames;
  for (int r = 0; r < structure.residue_count(); ++r) {
    const Residue& residue = structure.residues[r];
    ResidueFrame frame = frame_of(structure, r, position);
    if (residue.kind != ResidueKind::protein && residue.atom_count > 2) {
      Mat3 correlation{{0, 0, 0, 0, 0, 0, 0, 0, 0}};
      for (int a = residue.first_atom; a < residue.first_atom + residue.atom_count; ++a) {
        const Vec3 from = structure.atoms[a].position - base[r].origin, to = position(a) - frame.origin;
        for (int i = 0; i < 3; ++i) {
          for (int j = 0; j < 3; ++j) correlation(i, j) += to[i] * from[j];
        }
      }
      frame.rotation = nearest_rotation(correlation) * base[r].rotation;
    }
    frames.push_back(frame);
  }
  return frames;
}

}  // namespace cryomer
