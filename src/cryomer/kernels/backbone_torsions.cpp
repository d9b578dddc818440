#include "cryomer/kernels/backbone_torsions.h"

namespace cryomer {

void BackboneTorsionRules::add(int c_before, int n, int ca, int c, int n_after, const std::vector<TorsionRegion>& open, double left_handed) {
  residues.push_back({c_before, n, ca, c, n_after, int(regions.size()), int(open.size()), left_handed});
  regions.insert(regions.end(), open.begin(), open.end());
}

double backbone_torsion_energy(const BackboneTorsionRules& rules, const float* positions, float* gradient) {
  double energy = 0;
  for (const BackboneTorsionRules::Residue& r : rules.residues) {
    const detail::TorsionForce found = detail::torsion_force(r, rules.regions.data(), rules.strength, positions);
    energy += found.energy;
    if (!gradient || found.energy == 0) continue;
    for (int i = 0; i < 5; ++i) {
      for (int k = 0; k < 3; ++k) gradient[3 * size_t(found.atoms[i]) + k] += static_cast<float>(found.on[i][k]);
    }
  }
  return energy;
}

}  // namespace cryomer
