#include "cryomer/kernels/splat.h"

#include <algorithm>
#include <cmath>

#include "cryomer/base/random.h"
#include "cryomer/base/units.h"
#include "testing.h"

namespace cryomer {
namespace {

constexpr double kReach = 4.2;  // widths that a window holds at least

// The window that the header promises.
int window_of(double falloff) {
  int window = 8;
  while (window / 2 < kReach * std::sqrt(-0.5 / falloff) - 1e-6) window *= 2;
  return window;
}

// Blobs over and beyond a 48 x 40 image, each with its own weight and width.
struct Scene {
  static constexpr int kWidth = 48, kHeight = 40;
  std::vector<float> x, y, weight, falloff;

  Scene(size_t count, double least_width, double most_width, uint64_t seed) {
    Random random(seed);
    for (size_t a = 0; a < count; ++a) {
      const double s = least_width + (most_width - least_width) * random.uniform();
      x.push_back(static_cast<float>((kWidth + 30) * random.uniform() - 15));
      y.push_back(static_cast<float>((kHeight + 30) * random.uniform() - 15));
      weight.push_back(static_cast<float>(random.normal()));
      falloff.push_back(static_cast<float>(-1 / (2 * s * s)));
    }
  }
  Blobs blobs() const { return {x.data(), y.data(), weight.data(), falloff.data(), x.size()}; }
  std::vector<float> image(InstructionSet set) const {
    std::vector<float> pixels(kWidth * kHeight);
    splat_blobs(blobs(), pixels.data(), kWidth, kHeight, set);
    return pixels;
  }
};

class EveryInstructionSet : public ::testing::TestWithParam<InstructionSet> {};
INSTANTIATE_TEST_SUITE_P(Splat, EveryInstructionSet, ::testing::ValuesIn(supported_instruction_sets()),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST_P(EveryInstructionSet, SplatsWhatTheFormulaSays) {
  for (const double width : {0.8, 1.5, 3.0, 7.0}) {
    const Scene scene(60, 0.3 * width, width, 21);
    const std::vector<float> image = scene.image(GetParam());
    for (int j = 0; j < Scene::kHeight; ++j) {
      for (int i = 0; i < Scene::kWidth; ++i) {
        double expected = 0;
        for (size_t a = 0; a < scene.x.size(); ++a) {
          const double dx = i - scene.x[a], dy = j - scene.y[a];
          expected += scene.weight[a] * std::exp(scene.falloff[a] * (dx * dx + dy * dy));
        }
        // What the window leaves out is below exp(-4.2^2 / 2) = 1.5e-4 of a peak; a handful of blobs overlap.
        EXPECT_NEAR(image[j * Scene::kWidth + i], expected, 6e-4) << i << " " << j << " width " << width;
      }
    }
  }
}

TEST_P(EveryInstructionSet, AgreesWithTheReference) {
  for (const double width : {0.8, 1.5, 3.0, 7.0}) {
    const Scene scene(500, 0.3 * width, width, 22);
    const std::vector<float> image = scene.image(GetParam()), reference = scene.image(InstructionSet::reference);
    double largest = 0, size = 1;
    for (size_t i = 0; i < image.size(); ++i) {
      largest = std::max(largest, std::abs(double{image[i]} - reference[i]));
      size = std::max(size, std::abs(double{reference[i]}));
    }
    EXPECT_LT(largest, 3e-6 * size) << width;
  }
}

TEST_P(EveryInstructionSet, ConservesTheMass) {
  const double s = 1 / 1.2;
  std::vector<float> x = {20.3f}, y = {17.8f}, weight = {static_cast<float>(1 / (2 * kPi * s * s))},
                     falloff = {static_cast<float>(-1 / (2 * s * s))};
  std::vector<float> image(40 * 40);
  splat_blobs({x.data(), y.data(), weight.data(), falloff.data(), 1}, image.data(), 40, 40, GetParam());
  double sum = 0;
  for (const float v : image) sum += v;
  EXPECT_NEAR(sum, 1, 2e-4);
}

// <g, splat(blobs)> against central differences of its four kinds of argument, in the reference at double the step.
TEST_P(EveryInstructionSet, HasTheGradientOfFiniteDifferences) {
  for (const double width : {0.8, 1.5, 3.0, 7.0}) {
    Scene scene(40, 0.3 * width, width, 23);
    Random random(24);
    std::vector<float> g(Scene::kWidth * Scene::kHeight);
    random.fill_normal(g.data(), g.size());
    const size_t n = scene.x.size();
    std::vector<float> gx(n), gy(n), gw(n), gf(n);
    splat_blobs_backward(scene.blobs(), g.data(), Scene::kWidth, Scene::kHeight,
                         {gx.data(), gy.data(), gw.data(), gf.data()}, GetParam());
    // The function in double precision, with the same windows.
    auto value = [&](size_t a, double x, double y, double weight, double falloff) {
      const int window = window_of(scene.falloff[a]);
      const int left = static_cast<int>(std::floor(scene.x[a])) - window / 2 + 1;
      const int top = static_cast<int>(std::floor(scene.y[a])) - window / 2 + 1;
      double sum = 0;
      for (int j = std::max(top, 0); j < std::min(top + window, Scene::kHeight); ++j) {
        for (int i = std::max(left, 0); i < std::min(left + window, Scene::kWidth); ++i) {
          sum += g[j * Scene::kWidth + i] * weight * std::exp(falloff * ((i - x) * (i - x) + (j - y) * (j - y)));
        }
      }
      return sum;
    };
    for (size_t a = 0; a < n; ++a) {
      const double x = scene.x[a], y = scene.y[a], w = scene.weight[a], f = scene.falloff[a], h = 1e-5;
      EXPECT_NEAR(gx[a], (value(a, x + h, y, w, f) - value(a, x - h, y, w, f)) / (2 * h), 1e-4 * (1 + std::abs(gx[a])));
      EXPECT_NEAR(gy[a], (value(a, x, y + h, w, f) - value(a, x, y - h, w, f)) / (2 * h), 1e-4 * (1 + std::abs(gy[a])));
      EXPECT_NEAR(gw[a], (value(a, x, y, w + h, f) - value(a, x, y, w - h, f)) / (2 * h), 1e-4 * (1 + std::abs(gw[a])));
      EXPECT_NEAR(gf[a], (value(a, x, y, w, f + h) - value(a, x, y, w, f - h)) / (2 * h), 1e-4 * (1 + std::abs(gf[a])));
    }
  }
}

TEST_P(EveryInstructionSet, LeavesBlobsFarOutsideOrNotFiniteAlone) {
  std::vector<float> x = {-1e30f, 1e30f, NAN, 5, 1e9f}, y = {5, 5, 5, -INFINITY, 5}, weight(5, 1), falloff(5, -0.5f);
  std::vector<float> image(16 * 16), gx(5, 7), gy(5, 7);
  splat_blobs({x.data(), y.data(), weight.data(), falloff.data(), 5}, image.data(), 16, 16, GetParam());
  for (const float v : image) EXPECT_EQ(v, 0);
  splat_blobs_backward({x.data(), y.data(), weight.data(), falloff.data(), 5}, image.data(), 16, 16,
                       {gx.data(), gy.data(), nullptr, nullptr}, GetParam());
  for (const float v : gx) EXPECT_EQ(v, 0);
}

TEST_P(EveryInstructionSet, TakesAnImageSmallerThanTheWindow) {
  std::vector<float> x = {2}, y = {2}, weight = {1}, falloff = {-0.5f}, image(6 * 6);
  splat_blobs({x.data(), y.data(), weight.data(), falloff.data(), 1}, image.data(), 6, 6, GetParam());
  EXPECT_NEAR(image[2 * 6 + 2], 1, 1e-6);
  EXPECT_NEAR(image[3 * 6 + 2], std::exp(-0.5), 1e-6);
}

// Half a window from its centre a blob is cut off, not earlier and not later.
TEST_P(EveryInstructionSet, WindowsGrowWithTheWidth) {
  for (const auto& [width, window] : {std::pair{0.9, 8}, {1.0, 16}, {1.9, 16}, {2.0, 32}, {3.8, 32}, {3.9, 64}}) {
    std::vector<float> x = {64}, y = {64}, weight = {1}, falloff = {static_cast<float>(-1 / (2 * width * width))}, image(128 * 128);
    splat_blobs({x.data(), y.data(), weight.data(), falloff.data(), 1}, image.data(), 128, 128, GetParam());
    EXPECT_EQ(std::count_if(image.begin() + 64 * 128, image.begin() + 65 * 128, [](float v) { return v > 0; }), window) << width;
  }
}

}  // namespace
}  // namespace cryomer
