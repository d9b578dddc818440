#include "cryomer/kernels/clashes.h"

#include <cmath>

#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer {
namespace {

// A dense crowd: three atoms a residue, every other residue joined to the one before.
struct Crowd {
  ClashRules rules;
  std::vector<float> x;

  explicit Crowd(int atoms, double size) {
    Random random(91);
    for (int i = 0; i < atoms; ++i) {
      rules.radius.push_back(i % 4 == 0 ? 1.3f : 1.5f);
      rules.residue.push_back(i / 3);
      if (i % 3 == 0) rules.bonded_to_previous.push_back(i / 3 % 2 == 1);
      for (int k = 0; k < 3; ++k) x.push_back(float(size * random.uniform()));
    }
    rules.joined = {int64_t(5) * atoms + 100, int64_t(7) * atoms + 50};
    rules.strength = 4;
    x[3 * 100] = x[3 * 5] + 0.5f;
    x[3 * 100 + 1] = x[3 * 5 + 1];
    x[3 * 100 + 2] = x[3 * 5 + 2];
  }

  // The definition, pair by pair.
  double plain(const std::vector<float>& at, int& pairs) const {
    double energy = 0;
    pairs = 0;
    const int n = rules.atom_count();
    for (int i = 0; i < n; ++i) {
      for (int j = i + 1; j < n; ++j) {
        const int r = rules.residue[size_t(i)], s = rules.residue[size_t(j)];
        if (r == s || (s == r + 1 && rules.bonded_to_previous[size_t(s)])) continue;
        if ((i == 5 && j == 100) || (i == 7 && j == 50)) continue;
        double square = 0;
        for (int k = 0; k < 3; ++k) square += std::pow(double(at[size_t(3 * i + k)]) - at[size_t(3 * j + k)], 2);
        const double missing = rules.radius[size_t(i)] + rules.radius[size_t(j)] - std::sqrt(square);
        if (missing <= 0) continue;
        ++pairs;
        energy += 0.5 * 4 * missing * missing;
      }
    }
    return energy;
  }
};

TEST(ClashEnergy, IsTheSumOverPairsThatAreTooNear) {
  for (const double size : {4.0, 12.0, 40.0}) {
    const Crowd crowd(240, size);
    ClosePairWorkspace workspace;
    int pairs = 0;
    const double expected = crowd.plain(crowd.x, pairs);
    EXPECT_GT(pairs, size > 20 ? 3 : 100);
    EXPECT_NEAR(clash_energy(crowd.rules, crowd.x.data(), nullptr, workspace), expected, 1e-4 * expected);
    // What an earlier call left in the workspace does not matter.
    EXPECT_NEAR(clash_energy(crowd.rules, crowd.x.data(), nullptr, workspace), expected, 1e-4 * expected);
  }
}

TEST(ClashEnergy, HasItsGradient) {
  const Crowd crowd(120, 10);
  ClosePairWorkspace workspace;
  std::vector<float> gradient(crowd.x.size(), 1.0f);  // it is added to
  clash_energy(crowd.rules, crowd.x.data(), gradient.data(), workspace);
  Random random(92);
  for (int trial = 0; trial < 20; ++trial) {
    const size_t k = size_t(random.below(crowd.x.size()));
    std::vector<float> up = crowd.x, down = crowd.x;
    up[k] += 1e-3f;
    down[k] -= 1e-3f;
    int pairs;
    EXPECT_NEAR(gradient[k] - 1, (crowd.plain(up, pairs) - crowd.plain(down, pairs)) / (double(up[k]) - down[k]), 0.02 * (1 + std::abs(gradient[k])));
  }
}

TEST(ClashEnergy, OfWhatIsNoStructureIsNothing) {
  Crowd crowd(120, 5);
  ClosePairWorkspace workspace;
  crowd.x[4] = std::nanf("");
  EXPECT_EQ(clash_energy(crowd.rules, crowd.x.data(), nullptr, workspace), 0);
  crowd.x[4] = 1e30f;
  EXPECT_EQ(clash_energy(crowd.rules, crowd.x.data(), nullptr, workspace), 0);
  EXPECT_EQ(clash_energy({}, nullptr, nullptr, workspace), 0);
}

}  // namespace
}  // namespace cryomer
