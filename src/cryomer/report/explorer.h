// What the page's script shows: structures that a viewer plays, and particles as points that lead to their structures. Plain
// data, and the elements of the page that carry it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cryomer/structure/ensemble.h"
#include "cryomer/structure/structure.h"

namespace cryomer {

// Structures shown one after the other.
struct Movie {
  enum class Kind { path, ensemble, states };
  Kind kind = Kind::ensemble;
  std::string label, remark;
  std::vector<int> atoms;           // of the base structure, those that the frames have
  Ensemble frames;
  std::vector<double> place;        // of a path: where each frame lies along its component
  std::vector<std::string> names;   // of states: what each frame is
};

// A number for each point.
struct PointColumn {
  enum class Role { component, distance, true_distance, other };
  Role role = Role::other;
  std::string name, unit;
  std::vector<double> values;
  std::optional<double> cut;
};

// Small images of some points, low-passed, as bytes with middle grey at zero.
struct PointPictures {
  int size = 0;                              // pixels
  std::vector<int64_t> points;
  std::vector<uint8_t> observed, predicted;  // [points][size][size]
};

struct Explorer {
  Structure structure;        // the base
  std::vector<double> rmsf;   // A per residue; NaN where it is unknown
  double rmsf_most = 1;       // A, where the ramp ends
  std::vector<Movie> movies;

  std::vector<int64_t> rows;           // of each point, its particle's row in the STAR file
  std::vector<std::string> images;     // their image names; may be empty
  std::vector<PointColumn> columns;
  std::vector<int64_t> shown;          // the points whose structures the page has
  std::vector<int> atoms;              // of the base structure, those of the points' structures
  Ensemble structures, truths;         // of the points `shown`; truths may be empty
  PointPictures pictures;
};

// N, CA, C, O of protein, the sugars and phosphates of nucleic acids, and all of anything else: what a ribbon is drawn from.
std::vector<int> ribbon_atoms(const Structure& structure);

// Appends a conformation of the whole structure, reduced to `atoms`.
void append_atoms(Ensemble& ensemble, const float* conformation, const std::vector<int>& atoms);

// An order in which every conformation is followed by the nearest (RMSD without superposition) of those not yet shown.
std::vector<int64_t> neighbour_order(const Ensemble& ensemble);

// One script element with JSON that names others with packed bytes.
std::string explorer_markup(const Explorer& explorer);

}  // namespace cryomer
