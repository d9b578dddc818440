// A particle data set on disk: a RELION STAR file, its optics groups, and the MRC stacks it points into. Metadata are in
// memory, images are read one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cryomer/geometry/pose.h"
#include "cryomer/io/mrc.h"
#include "cryomer/io/star.h"
#include "cryomer/optics/optics_group.h"

namespace cryomer {

struct ParticleStackOptions {
  std::string data_dir;      // tried first for image paths; empty: the usual places (see open)
  bool require_poses = false;
};

class ParticleStack {
 public:
  // Reads the metadata and checks every image reference: the stack exists, is long enough, has the right box; pixel
  // size of STAR and MRC agree (else a warning, the STAR wins). Image paths are tried relative to data_dir, the current
  // folder (RELION's project folder), the STAR's folder and its parents.
  static ParticleStack open(const std::string& star_path, const ParticleStackOptions& options = {});

  int64_t size() const { return static_cast<int64_t>(particles_.size()); }
  int box() const { return box_; }  // pixels, even, the same for all particles
  bool has_poses() const { return has_poses_; }
  const std::vector<OpticsGroup>& optics_groups() const { return optics_groups_; }

  int optics_group(int64_t particle) const { return particles_[particle].optics_group; }
  const OpticsGroup& optics(int64_t particle) const { return optics_groups_[particles_[particle].optics_group]; }
  const CtfParameters& ctf(int64_t particle) const { return particles_[particle].ctf; }
  const Pose& pose(int64_t particle) const { return particles_[particle].pose; }
  // [box][box], row-major, x fastest. Fails on NaN or infinite pixels, naming the image. Safe to call from threads.
  void read_image(int64_t particle, float* pixels) const;

  // The file as read; the particle table is at particle_table(), row i is particle i.
  const StarFile& star() const { return star_; }
  const StarTable& particle_table() const;
  const std::string& path() const { return path_; }

 private:
  struct Record {
    int optics_group = 0;
    int file = 0;
    int64_t section = 0;
    CtfParameters ctf;
    Pose pose;
  };

  std::string path_;
  StarFile star_;
  int box_ = 0;
  bool has_poses_ = false;
  std::vector<OpticsGroup> optics_groups_;
  std::vector<MrcFile> files_;
  std::vector<Record> particles_;
};

// The file with poses written into it (rlnAngleRot/Tilt/Psi in degrees, rlnOriginXAngst/YAngst in A), all other columns
// kept; one pose per row.
StarFile with_poses(const StarFile& star, const std::vector<Pose>& poses);

}  // namespace cryomer
