#include "cryomer/simulation/micrograph_plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "cryomer/simulation/placement.h"
#include "simulation/microscope_testing.h"
#include "testing.h"

namespace cryomer {
namespace {

SimulationConfig settings(int64_t particles) {
  SimulationConfig c = simulation_preset("seed-physical");
  c.layout.particles = particles;
  c.seed = 5;
  return c;
}

// V11: 2100 particles on 100 micrographs.
TEST(DataSetPlan, PlacesParticlesEvenlyAndApart) {
  const SimulationConfig c = settings(2100);
  const DataSetPlan plan(c, 10, {}, 36);
  std::vector<double> x, y, z, angle, tilt, psi;
  for (int64_t m = 0; m < plan.micrographs(); ++m) {
    const MicrographPlan micrograph = plan.micrograph(m);
    ASSERT_EQ(micrograph.particles.size(), 21u);
    for (const PlannedParticle& p : micrograph.particles) {
      x.push_back(p.x), y.push_back(p.y), z.push_back(p.z);
      angle.push_back(rotation_distance(p.rotation, Mat3()));
      const EulerAngles e = euler_from_rotation(p.rotation);
      tilt.push_back(std::cos(e.tilt)), psi.push_back(e.psi < 0 ? e.psi + 2 * kPi : e.psi);
      for (const PlannedParticle& other : micrograph.particles) {
        if (&other == &p) continue;
        EXPECT_GE(std::hypot(p.x - other.x, p.y - other.y) * 1.2, 2 * 36 + 10 - 1e-9);
      }
    }
  }
  const double margin = 32 + 1 + 3, most = 512 - margin;
  const auto even = [](double low, double high) {
    return [low, high](double v) { return std::clamp((v - low) / (high - low), 0.0, 1.0); };
  };
  // Particles that keep their distance are a little more even than independent ones, so these are upper limits as well.
  EXPECT_LT(testing::kolmogorov(x, even(margin, most)), 1.95);
  EXPECT_LT(testing::kolmogorov(y, even(margin, most)), 1.95);
  EXPECT_LT(testing::kolmogorov(z, even(-(150 - 36), 150 - 36)), 1.95);
  // Haar: the angle of rotation has the density (1 - cos w) / pi.
  EXPECT_LT(testing::kolmogorov(angle, [](double w) { return (w - std::sin(w)) / kPi; }), 1.95);
  EXPECT_LT(testing::kolmogorov(tilt, even(-1, 1)), 1.95);
  EXPECT_LT(testing::kolmogorov(psi, even(0, 2 * kPi)), 1.95);
}

TEST(DataSetPlan, GivesEveryParticleARowAndEveryStateItsShare) {
  SimulationConfig c = settings(21 * 20 + 5);
  for (const char* states : {"one", "different"}) {
    c.layout.states = states;
    const DataSetPlan plan(c, 7, {}, 36);
    EXPECT_EQ(plan.micrographs(), 21);
    std::set<int64_t> rows;
    std::map<int64_t, int> count;
    for (int64_t m = 0; m < plan.micrographs(); ++m) {
      std::set<int64_t> here;
      for (const PlannedParticle& p : plan.micrograph(m).particles) rows.insert(p.row), here.insert(p.state), ++count[p.state];
      if (m < 20) {
        EXPECT_TRUE(states[0] == 'o' ? here.size() == 1 : here.size() > 2) << here.size();
      }
    }
    EXPECT_EQ(rows.size(), 425u);
    EXPECT_EQ(*rows.rbegin(), 424);
    if (states[0] == 'd') {
      for (const auto& [state, n] : count) EXPECT_NEAR(n, 425 / 7.0, 1.01) << state;
    }
    EXPECT_EQ(count.size(), 7u);
  }
  c.layout.states = "different";
  std::map<int64_t, int> count;
  const DataSetPlan weighted(c, 3, {0, 1, 3}, 36);
  for (int64_t m = 0; m < weighted.micrographs(); ++m) {
    for (const PlannedParticle& p : weighted.micrograph(m).particles) ++count[p.state];
  }
  EXPECT_EQ(count.count(0), 0u);
  EXPECT_NEAR(count[1], 425 / 4.0, 1.01);
}

TEST(DataSetPlan, CutsBoxesAroundWhatWasPicked) {
  SimulationConfig c = settings(2100);
  c.extraction.shift_sigma = 2.5;
  const DataSetPlan plan(c, 10, {}, 36);
  std::vector<double> shift;
  for (int64_t m = 0; m < plan.micrographs(); ++m) {
    for (const PlannedParticle& p : plan.micrograph(m).particles) {
      const Pose pose = p.pose(c);
      EXPECT_NEAR(pose.shift_x, (p.x - double(p.left) - 32) * 1.2, 1e-9);
      EXPECT_GE(p.left, 0);
      EXPECT_LE(p.left, 512 - 64);
      shift.push_back(pose.shift_x), shift.push_back(pose.shift_y);
    }
  }
  const auto [mean, variance] = testing::moments_of(shift);
  EXPECT_NEAR(mean, 0, 0.15);
  EXPECT_NEAR(variance, 2.5 * 2.5 + 1.2 * 1.2 / 12, 0.4) << "picking, and rounding to a pixel";
}

TEST(DataSetPlan, DrawsDefocusAndAstigmatism) {
  SimulationConfig c = settings(21 * 300);
  c.lens.defocus_least = 5000, c.lens.defocus_most = 20000, c.lens.astigmatism = 150;
  const DataSetPlan plan(c, 3, {}, 36);
  std::vector<double> mean, half;
  for (int64_t m = 0; m < plan.micrographs(); ++m) {
    const MicrographPlan p = plan.micrograph(m);
    mean.push_back(0.5 * (p.defocus_u + p.defocus_v)), half.push_back(0.5 * (p.defocus_u - p.defocus_v) / 150);
  }
  EXPECT_LT(testing::kolmogorov(mean, [](double v) { return std::clamp((v - 5000) / 15000, 0.0, 1.0); }), 1.95);
  EXPECT_LT(testing::kolmogorov(half, [](double v) { return 0.5 * std::erfc(-v / std::sqrt(2.0)); }), 1.95);
}

TEST(Placement, IsAGridOrClustersWhenAsked) {
  const PlacementRoom room{512, 40, 60};
  Random random(2);
  const std::vector<Place> grid = place_particles("grid", 25, room, random);
  EXPECT_EQ(grid[0].x, 40);
  EXPECT_EQ(grid[24].y, 472);
  EXPECT_NEAR(grid[1].x - grid[0].x, 108, 1e-9);
  auto mean_nearest = [&](const char* kind) {
    double sum = 0;
    for (int n = 0; n < 40; ++n) {
      const std::vector<Place> places = place_particles(kind, 12, room, random);
      for (const Place& p : places) {
        double nearest = 1e9;
        for (const Place& q : places) {
          if (&p != &q) nearest = std::min(nearest, std::hypot(p.x - q.x, p.y - q.y));
        }
        EXPECT_GE(nearest, 60);
        sum += nearest / (40 * 12);
      }
    }
    return sum;
  };
  EXPECT_LT(mean_nearest("clustered"), mean_nearest("random") - 10);
}

TEST(Placement, SaysHowManyFit) {
  const PlacementRoom room{512, 40, 68};
  EXPECT_NEAR(room.capacity(), 37, 3);
  Random random(2);
  EXPECT_EQ(place_particles("random", 21, room, random).size(), 21u);
  for (const char* kind : {"random", "grid", "clustered"}) {
    const std::string text = testing::error_of([&] { place_particles(kind, 200, room, random); });
    EXPECT_NE(text.find("200 particles do not fit"), std::string::npos) << text;
    EXPECT_NE(text.find("--particles-per-micrograph"), std::string::npos) << text;
  }
  EXPECT_NE(testing::error_of([&] { place_particles("random", 1, {64, 40, 10}, random); }).find("do not fit"), std::string::npos);
}

}  // namespace
}  // namespace cryomer
