// Particles as cryoSPARC writes them.
#pragma once

#include "cryomer/io/star.h"

namespace cryomer {

// A .cs file as the STAR file that RELION would have of the same particles: data_optics with one group for each exposure group and
// optics, data_particles with image names, CTF, and, where the file has alignments3D, poses, half sets and origins. The uid of each particle is kept
// as cryosparcUid. Columns that the file lacks are taken, particle by particle, from passthrough files of the same job beside it
// (cryosparc_P1_J2_passthrough_particles.cs). What is not modelled (anisotropic magnification, higher aberrations) is warned of.
StarFile read_cs(const std::string& path);

}  // namespace cryomer
