#include "cryomer/simulation/placement.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/error.h"
#include "cryomer/base/units.h"

namespace cryomer {

int PlacementRoom::capacity() const {
  if (edge() < 0) return 0;
  // Discs may stick out of the area in which centres lie.
  const double area = std::pow(edge() + distance, 2);
  return std::max(1, static_cast<int>(0.547 * area / (kPi * distance * distance / 4)));
}

namespace {

[[noreturn]] void fail_room(int count, const PlacementRoom& room) {
  fail_usage(
      "{} particles do not fit on a micrograph of {} pixels, {:.0f} pixels apart and {:.0f} from the edge: about {} do. Make the "
      "micrograph "
      "larger (--micrograph-size) or place fewer on it (--particles-per-micrograph)",
      count, room.size, room.distance, room.margin, room.capacity());
}

// Empty when this attempt found no room.
std::vector<Place> attempt(bool clustered, int count, const PlacementRoom& room, Random& random) {
  std::vector<Place> places;
  const double squared = room.distance * room.distance;
  for (int tries = 0; int(places.size()) < count; ++tries) {
    if (tries > 400 * count) return {};
    Place p{room.margin + room.edge() * random.uniform(), room.margin + room.edge() * random.uniform()};
    if (clustered && !places.empty() && random.uniform() < 0.8) {
      const Place& near = places[random.below(places.size())];
      const double angle = 2 * kPi * random.uniform(), away = room.distance * (1 + 0.3 * random.uniform());
      p = {near.x + away * std::cos(angle), near.y + away * std::sin(angle)};
    }
    const double most = room.size - room.margin;
    if (p.x < room.margin || p.y < room.margin || p.x > most || p.y > most) continue;
    const bool free = std::all_of(places.begin(), places.end(),
                                  [&](const Place& o) { return (o.x - p.x) * (o.x - p.x) + (o.y - p.y) * (o.y - p.y) >= squared; });
    if (free) places.push_back(p);
  }
  return places;
}

}  // namespace

std::vector<Place> place_particles(const std::string& kind, int count, const PlacementRoom& room, Random& random) {
  if (room.edge() < 0) fail_room(count, room);
  if (kind == "grid") {
    const int columns = static_cast<int>(std::ceil(std::sqrt(double(count)) - 1e-9)), rows = (count + columns - 1) / columns;
    const double dx = columns > 1 ? room.edge() / (columns - 1) : room.distance,
                 dy = rows > 1 ? room.edge() / (rows - 1) : room.distance;
    if (std::min(dx, dy) < room.distance) fail_room(count, room);
    std::vector<Place> places;
    for (int n = 0; n < count; ++n) {
      places.push_back({columns > 1 ? room.margin + dx * (n % columns) : 0.5 * room.size,
                        rows > 1 ? room.margin + dy * (n / columns) : 0.5 * room.size});
    }
    return places;
  }
  for (int restart = 0; restart < 20; ++restart) {
    std::vector<Place> places = attempt(kind == "clustered", count, room, random);
    if (int(places.size()) == count) return places;
  }
  fail_room(count, room);
}

}  // namespace cryomer
