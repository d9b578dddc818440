#include "cryomer/kernels/backbone_torsions.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/random.h"
#include "cryomer/base/units.h"
#include "cryomer/geometry/vec3.h"
#include "testing.h"

namespace cryomer {
namespace {

// Chains of five atoms anywhere, with two regions open to each: one over the seam of phi, one that is a point. Left hands have a price.
struct Chains {
  BackboneTorsionRules rules;
  std::vector<float> x;

  explicit Chains(int count, uint64_t seed = 17) {
    Random random(seed);
    rules.atom_count = 5 * count;
    rules.strength = 3;
    for (int r = 0; r < count; ++r) {
      const int a = 5 * r;
      rules.add(a, a + 1, a + 2, a + 3, a + 4, {{radians(170), radians(-60), radians(30), radians(50)}, {radians(-60), radians(90), 0, 0}}, 0.4);
    }
    for (int i = 0; i < 15 * count; ++i) x.push_back(static_cast<float>(2 * random.normal()));
  }

  static double torsion(const std::vector<float>& at, int first) {
    Vec3 p[4];
    for (int i = 0; i < 4; ++i) p[i] = {at[size_t(3 * (first + i))], at[size_t(3 * (first + i) + 1)], at[size_t(3 * (first + i) + 2)]};
    return torsion_angle(p[0], p[1], p[2], p[3]);
  }

  // The definition: from each region, and from its images a turn away, whatever is nearest.
  double plain(const std::vector<float>& at) const {
    double energy = 0;
    for (const auto& residue : rules.residues) {
      const double phi = torsion(at, residue.c_before), psi = torsion(at, residue.n);
      energy += residue.left_handed * std::max(0.0, std::sin(phi));
      double least = residue.region_count > 0 ? 1e9 : 0;
      for (int k = 0; k < residue.region_count; ++k) {
        const TorsionRegion& region = rules.regions[size_t(residue.first_region + k)];
        for (const int i : {-1, 0, 1}) {
          for (const int j : {-1, 0, 1}) {
            const double u = phi + 2 * kPi * i, v = psi + 2 * kPi * j;
            const double du = u - std::clamp(u, region.phi - region.phi_reach, region.phi + region.phi_reach);
            const double dv = v - std::clamp(v, region.psi - region.psi_reach, region.psi + region.psi_reach);
            least = std::min(least, du * du + dv * dv);
          }
        }
      }
      energy += 0.5 * rules.strength * least;
    }
    return energy;
  }
};

TEST(BackboneTorsionEnergy, IsTheDistanceToTheNearestRegion) {
  const Chains chains(400);
  int free = 0;
  for (int r = 0; r < 400; ++r) {
    Chains one(1);
    std::copy_n(chains.x.begin() + 15 * r, 15, one.x.begin());
    const double expected = one.plain(one.x);
    free += expected == 0;
    EXPECT_NEAR(backbone_torsion_energy(one.rules, one.x.data(), nullptr), expected, 1e-9);
  }
  EXPECT_GT(free, 5);
  EXPECT_LT(free, 100);
  EXPECT_NEAR(backbone_torsion_energy(chains.rules, chains.x.data(), nullptr), chains.plain(chains.x), 1e-6);
}

TEST(BackboneTorsionEnergy, HasItsGradient) {
  const Chains chains(12);
  std::vector<float> gradient(chains.x.size(), 1.0f);  // it is added to
  backbone_torsion_energy(chains.rules, chains.x.data(), gradient.data());
  for (size_t k = 0; k < chains.x.size(); ++k) {
    std::vector<float> up = chains.x, down = chains.x;
    up[k] += 1e-3f;
    down[k] -= 1e-3f;
    EXPECT_NEAR(gradient[k] - 1, (chains.plain(up) - chains.plain(down)) / (double(up[k]) - down[k]), 0.01 * (1 + std::abs(gradient[k]))) << k;
  }
}

TEST(BackboneTorsionEnergy, WithoutRegionsIsThatOfLeftHands) {
  Chains chains(40);
  chains.rules.residues.clear();
  for (int r = 0; r < 40; ++r) chains.rules.add(5 * r, 5 * r + 1, 5 * r + 2, 5 * r + 3, 5 * r + 4, {}, r % 2 == 0 ? 1.5 : 0);
  double expected = 0;
  int left = 0;
  for (int r = 0; r < 40; r += 2) {
    const double phi = Chains::torsion(chains.x, 5 * r);
    expected += phi > 0 ? 1.5 * std::sin(phi) : 0;
    left += phi > 0;
  }
  EXPECT_GT(left, 5);
  EXPECT_LT(left, 15);
  EXPECT_NEAR(backbone_torsion_energy(chains.rules, chains.x.data(), nullptr), expected, 1e-6);
}

TEST(BackboneTorsionEnergy, OfAtomsInOneLineHasNoForce) {
  Chains line(1);
  for (int i = 0; i < 15; ++i) line.x[size_t(i)] = i % 3 == 0 ? float(i) : 0.0f;
  std::vector<float> gradient(15, 0.0f);
  backbone_torsion_energy(line.rules, line.x.data(), gradient.data());
  for (const float g : gradient) EXPECT_EQ(g, 0);
  line.x[4] = std::nanf("");
  EXPECT_EQ(backbone_torsion_energy(line.rules, line.x.data(), gradient.data()), 0);
  for (const float g : gradient) EXPECT_EQ(g, 0);
}

}  // namespace
}  // namespace cryomer
