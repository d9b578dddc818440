#include "cryomer/structure/ramachandran.h"

#include <cmath>

#include "cryomer/base/units.h"

namespace cryomer {

namespace {

struct Region {
  double phi_low, phi_high, psi_low, psi_high;  // degrees; psi beyond 180 is meant modulo 360
};

constexpr Region kRegions[] = {
    {-180, -40, 45, 210},  // beta sheet, polyproline; over the seam to psi = -150
    {160, 180, 90, 210},   // beta sheet over the seam of phi
    {-165, -35, -90, 45},  // right-handed helix and bridge
    {35, 90, -25, 110},    // left-handed helix
    {40, 80, 165, 230},    // turns of type II'
};

bool is_open(double phi, double psi) {
  for (const Region& region : kRegions) {
    if (phi < region.phi_low || phi > region.phi_high) continue;
    if ((psi >= region.psi_low && psi <= region.psi_high) || (psi + 360 >= region.psi_low && psi + 360 <= region.psi_high))
      return true;
  }
  return false;
}

}  // namespace

bool is_ramachandran_outlier(const std::string& residue, double phi_radians, double psi_radians) {
  const double phi = degrees(phi_radians), psi = degrees(psi_radians);
  if (residue == "GLY") {
    const bool stretched = std::abs(phi) > 80 && std::abs(psi) > 120;
    return !stretched && !is_open(phi, psi) && !is_open(-phi, -psi);
  }
  if (residue == "PRO") return phi < -120 || phi > -30 || !is_open(phi, psi);
  return !is_open(phi, psi);
}

}  // namespace cryomer
