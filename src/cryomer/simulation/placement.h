// Where particles lie on a micrograph: never closer than a distance, never nearer to the edge than a margin.
#pragma once

#include <string>
#include <vector>

#include "cryomer/base/random.h"

namespace cryomer {

struct Place {
  double x = 0, y = 0;  // pixels
};

struct PlacementRoom {
  int size = 512;        // of the micrograph, pixels
  double margin = 32;    // pixels
  double distance = 64;  // between centres, pixels

  double edge() const { return size - 2 * margin; }
  // About how many can be placed at random, one after the other, before there is no room: 54.7 % of the area (Renyi's jamming).
  int capacity() const;
};

// kind: random (evenly, one after the other, overlapping ones drawn again), grid (rows and columns), clustered (most near another).
// Fails, saying how many fit, when there is no room.
std::vector<Place> place_particles(const std::string& kind, int count, const PlacementRoom& room, Random& random);

}  // namespace cryomer
