#include "cryomer/structure/ramachandran.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/units.h"

namespace cryomer {

namespace {

using Regions = std::vector<RamachandranRegion>;

const Regions kMost = {
    {-180, -40, 45, 210},  // beta sheet, polyproline; over the seam to psi = -150
    {160, 180, 90, 210},   // beta sheet over the seam of phi
    {-165, -35, -90, 45},  // right-handed helix and bridge
    {35, 90, -25, 110},    // left-handed helix
    {40, 80, 165, 230},    // turns of type II'
};

Regions of_glycine() {
  Regions regions = kMost;
  for (const RamachandranRegion& region : kMost) regions.push_back({-region.phi_high, -region.phi_low, -region.psi_high, -region.psi_low});
  regions.push_back({80, 280, 120, 240});  // stretched
  return regions;
}

Regions of_proline() {
  Regions regions;
  for (RamachandranRegion region : kMost) {
    region.phi_low = std::max(region.phi_low, -120.0);
    region.phi_high = std::min(region.phi_high, -30.0);
    if (region.phi_low < region.phi_high) regions.push_back(region);
  }
  return regions;
}

bool within(double angle, double low, double high) {
  const double half = (high - low) / 2;
  return std::abs(std::remainder(angle - low - half, 360.0)) <= half;
}

}  // namespace

bool RamachandranRegion::contains(double phi, double psi) const { return within(phi, phi_low, phi_high) && within(psi, psi_low, psi_high); }

const Regions& ramachandran_regions(const std::string& residue) {
  static const Regions glycine = of_glycine(), proline = of_proline();
  return residue == "GLY" ? glycine : residue == "PRO" ? proline : kMost;
}

bool is_ramachandran_outlier(const std::string& residue, double phi, double psi) {
  const Regions& open = ramachandran_regions(residue);
  return std::none_of(open.begin(), open.end(), [&](const RamachandranRegion& region) { return region.contains(degrees(phi), degrees(psi)); });
}

bool can_be_left_handed(const std::string& residue) { return residue != "GLY"; }

double left_handed_price(const std::string& residue) {
  if (!can_be_left_handed(residue)) return 0;
  if (residue == "ASN" || residue == "ASP") return 2;
  if (residue == "VAL" || residue == "ILE" || residue == "THR" || residue == "TPO") return 4.5;
  return 3;
}

std::vector<BackboneTorsions> backbone_torsions(const Structure& structure) {
  auto joined_protein = [&](int r) {
    return r > 0 && r < structure.residue_count() && structure.residues[size_t(r)].bonded_to_previous &&
           structure.residues[size_t(r)].kind == ResidueKind::protein;
  };
  std::vector<BackboneTorsions> found;
  for (int r = 0; r + 1 < structure.residue_count(); ++r) {
    if (!joined_protein(r) || !joined_protein(r + 1)) continue;
    const BackboneTorsions t{r, structure.find_atom(r - 1, "C"), structure.find_atom(r, "N"), structure.find_atom(r, "CA"), structure.find_atom(r, "C"),
                             structure.find_atom(r + 1, "N")};
    if (std::min({t.c_before, t.n, t.ca, t.c, t.n_after}) >= 0) found.push_back(t);
  }
  return found;
}

}  // namespace cryomer
