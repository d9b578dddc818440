#include "cryomer/kernels/side_chains.h"

#include "cryomer/geometry/rotation.h"
#include "testing.h"

namespace cryomer {
namespace {

// Six atoms in a bent row; the outer torsion (2-3) moves atom 4 and 5, the inner (1-2) atoms 3 to 5.
struct Row {
  std::vector<float> local = {0, 0, 0, 1.5f, 0, 0, 2, 1.4f, 0, 3.4f, 1.5f, 0.3f, 4, 2.8f, 0.7f, 4.1f, 0.9f, 1.6f};
  SideChains side_chains{{{2, 3, 0, 2}, {1, 2, 2, 5}}, {4, 5, 3, 4, 5}};

  std::vector<float> turned(float outer, float inner) const {
    std::vector<float> x = local;
    const float angles[] = {outer, inner};
    turn_side_chains(side_chains, angles, x.data());
    return x;
  }
};

Vec3 atom(const std::vector<float>& x, int i) { return {x[3 * i], x[3 * i + 1], x[3 * i + 2]}; }

double torsion(Vec3 a, Vec3 b, Vec3 c, Vec3 d) {
  const Vec3 bond = normalized(c - b), n = cross(b - a, c - b), m = cross(c - b, d - c);
  return std::atan2(dot(cross(n, m), bond), dot(n, m));
}

TEST(SideChains, TurnEachTorsionByItsAngle) {
  const Row row;
  const std::vector<float> x = row.turned(0.7f, -1.9f);
  const double outer = torsion(atom(x, 1), atom(x, 2), atom(x, 3), atom(x, 4)) -
                       torsion(atom(row.local, 1), atom(row.local, 2), atom(row.local, 3), atom(row.local, 4));
  const double inner = torsion(atom(x, 0), atom(x, 1), atom(x, 2), atom(x, 3)) -
                       torsion(atom(row.local, 0), atom(row.local, 1), atom(row.local, 2), atom(row.local, 3));
  EXPECT_NEAR(std::remainder(outer - 0.7, 2 * M_PI), 0, 1e-5);
  EXPECT_NEAR(std::remainder(inner + 1.9, 2 * M_PI), 0, 1e-5);
}

TEST(SideChains, KeepBondsAndAnglesAndTheBackbone) {
  const Row row;
  const std::vector<float> x = row.turned(2.1f, 1.2f);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(norm(atom(x, i) - atom(row.local, i)), 0) << i;
  for (const auto& [i, j] : std::vector<std::pair<int, int>>{{2, 3}, {3, 4}, {3, 5}, {4, 5}, {1, 3}, {2, 4}, {2, 5}}) {
    EXPECT_NEAR(norm(atom(x, i) - atom(x, j)), norm(atom(row.local, i) - atom(row.local, j)), 1e-5) << i << "-" << j;
  }
  const std::vector<float> back = row.turned(float(2 * M_PI), float(-2 * M_PI));
  for (size_t k = 0; k < back.size(); ++k) EXPECT_NEAR(back[k], row.local[k], 1e-5);
}

TEST(SideChains, HaveTheGradientOfFiniteDifferences) {
  const Row row;
  Random random(5);
  std::vector<float> pull(row.local.size());
  random.fill_normal(pull.data(), pull.size());
  auto value = [&](double outer, double inner) {
    const std::vector<float> x = row.turned(float(outer), float(inner));
    double sum = 0;
    for (size_t k = 0; k < x.size(); ++k) sum += double(x[k]) * pull[k];
    return sum;
  };
  const double h = 1e-2;
  float gradient[2] = {99, 99};
  const std::vector<float> x = row.turned(0.4f, -0.8f);
  side_chain_gradient(row.side_chains, x.data(), pull.data(), gradient);
  EXPECT_NEAR(gradient[0], (value(0.4 + h, -0.8) - value(0.4 - h, -0.8)) / (2 * h), 2e-3);
  EXPECT_NEAR(gradient[1], (value(0.4, -0.8 + h) - value(0.4, -0.8 - h)) / (2 * h), 2e-3);
}

}  // namespace
}  // namespace cryomer
