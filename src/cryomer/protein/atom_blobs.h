// How atoms look to the renderer.
#pragma once

#include "cryomer/ops/image_likelihood_op.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

// Every heavy atom a blob of unit mass and the given standard deviation in A (Rosenbaum et al. 2021 use 1 A).
AtomBlobTensors unit_blobs(const Structure& structure, double width);

}  // namespace cryomer
