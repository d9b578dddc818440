// CA traces of superposed conformations, seen from one side, coloured residue by residue.
#pragma once

#include <string>
#include <vector>

#include "cryomer/geometry/vec3.h"
#include "cryomer/structure/ensemble.h"

namespace cryomer {

struct TraceView {
  Ensemble traces;                // CA only, superposed
  std::vector<char> joined;       // per residue: a line runs to it from the residue before
  std::vector<double> color;      // per residue, share of the ramp in [0, 1]
  std::vector<float> foreground;  // one trace [residues][3] drawn over the others; may be empty
};

// The axes of the traces' largest, middle and smallest extent as rows, right-handed.
Mat3 principal_axes(const Ensemble& traces);

// Half the width and height, A, that hold every trace as seen in an orientation.
struct TraceExtent {
  double width = 1, height = 1;
};
TraceExtent trace_extent(const TraceView& view, const Mat3& orientation);
TraceExtent larger(TraceExtent a, TraceExtent b);

// The drawing as seen along `orientation`'s third row, with its first row to the right and the second up. Nearer parts of
// the foreground are drawn thicker.
std::string trace_svg(const TraceView& view, const Mat3& orientation, TraceExtent extent, const std::string& title);

}  // namespace cryomer
