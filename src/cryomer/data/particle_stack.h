// A particle data set on disk: a RELION STAR file (3.0, 3.1, 5), its optics groups, and the MRC stacks it
// points into. Metadata are in memory, images are read one at a time. Left out, with a line in the log where
// a file has them: beam tilt, Zernike aberrations and anisotropic magnification.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cryomer/data/image_references.h"
#include "cryomer/data/stack_optics.h"
#include "cryomer/data/particle_table.h"
#include "cryomer/geometry/pose.h"
#include "cryomer/io/star.h"

namespace cryomer {

struct ParticleStackOptions {
  std::string data_dir;        // tried first for image paths; empty: the usual places (see open)
  bool require_poses = false;  // fail when the angles are missing
  bool require_ctf = true;     // fail when the defocus is missing; otherwise has_ctf() tells
  double pixel_size = 0;       // A, replaces what the files say; 0: not given
  int half = 0;                // 1 or 2: only that half of the rows (see half_set.h); 0: all
};

class ParticleStack {
 public:
  // Reads the metadata and checks every image reference: the stack exists, is long enough, has the right box.
  //
  // Image paths are tried relative to data_dir, the current folder (RELION's project folder), the STAR's
  // folder and its parents, and at last by their bare file name in data_dir. CTF values come from the
  // particle's row, else from its optics row, else they are RELION's defaults: 200 kV and amplitude contrast
  // and Cs of 0 (each with a warning), DefocusV = DefocusU, scale 1, the others 0. The pixel size is
  // rlnImagePixelSize or rlnPixelSize, else rlnDetectorPixelSize (um) * 1e4 / rlnMagnification, else that of
  // the MRC header, with a warning. Where STAR and MRC differ there is a warning and the STAR wins; 0 and 1 A
  // in an MRC header count as "not filled in". Optics groups are in the order of their first particle; rows
  // that differ in voltage, Cs, amplitude contrast or pixel size belong to different groups whatever the file
  // calls them.
  static ParticleStack open(const std::string& star_path, const ParticleStackOptions& options = {});

  int64_t size() const { return static_cast<int64_t>(poses_.size()); }
  int box() const { return box_; }  // pixels, even, the same for all particles
  bool has_poses() const { return has_poses_; }
  bool has_ctf() const { return optics_.has_ctf; }  // false: ctf() is without meaning, the images are taken as they are
  const std::vector<OpticsGroup>& optics_groups() const { return optics_.groups; }

  int optics_group(int64_t particle) const { return optics_.group_of[particle]; }
  const OpticsGroup& optics(int64_t particle) const { return optics_.groups[optics_.group_of[particle]]; }
  const CtfParameters& ctf(int64_t particle) const { return optics_.ctf[particle]; }
  const Pose& pose(int64_t particle) const { return poses_[particle]; }
  // [box][box], row-major, x fastest. Fails on NaN or infinite pixels, naming the image. Safe to call from
  // threads.
  void read_image(int64_t particle, float* pixels) const;

  // The file as read; the particle table is at particle_table(), row i is particle i.
  const StarFile& star() const { return star_; }
  const StarTable& particle_table() const { return star_.tables[particle_table_]; }
  const std::string& path() const { return path_; }
  // The MRC stacks that it points into.
  std::vector<std::string> image_files() const;

 private:
  ParticleStack() = default;
  void read_poses_of(const StarTable& particles, bool required);

  std::string path_;
  StarFile star_;
  int particle_table_ = 0;  // index into star_.tables
  int box_ = 0;
  bool has_poses_ = false;
  StackOptics optics_;
  ImageReferences images_;
  std::vector<Pose> poses_;  // of each particle
};

}  // namespace cryomer
