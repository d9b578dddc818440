// What the benchmarks of splatting draw: the size the paper works at, 64 x 64 pixels of 1.2 A, 1656 atoms of 1 A width.
#pragma once

#include <vector>

#include "cryomer/base/random.h"
#include "cryomer/base/units.h"
#include "cryomer/kernels/splat.h"

namespace cryomer {

constexpr int kBox = 64;
constexpr int kAtoms = 1656;
constexpr double kWidth = 1 / 1.2;  // pixels

struct SplatScene {
  std::vector<float> x, y, weight, falloff;
  std::vector<float> image = std::vector<float>(kBox * kBox), gx = std::vector<float>(kAtoms), gy = gx;

  SplatScene() {
    // A chain: neighbours 1.5 A apart, kept within 28 A of the centre, as atoms of a protein are.
    Random random(3);
    double p[2] = {0, 0};
    for (int a = 0; a < kAtoms; ++a) {
      for (double& c : p) {
        c += 1.3 * random.normal();
        if (std::abs(c) > 28) c *= 0.9;
      }
      x.push_back(static_cast<float>(p[0] / 1.2 + kBox / 2));
      y.push_back(static_cast<float>(p[1] / 1.2 + kBox / 2));
      weight.push_back(static_cast<float>(1 / (2 * kPi * kWidth * kWidth)));
      falloff.push_back(static_cast<float>(-1 / (2 * kWidth * kWidth)));
    }
  }
  Blobs blobs() const { return {x.data(), y.data(), weight.data(), falloff.data(), x.size()}; }
};

}  // namespace cryomer
