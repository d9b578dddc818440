#include "cryomer/kernels/pixel_means.h"

#include <cmath>

#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer {
namespace {

class PixelMeansOfEveryInstructionSet : public ::testing::TestWithParam<InstructionSet> {};
INSTANTIATE_TEST_SUITE_P(PixelMeans, PixelMeansOfEveryInstructionSet, ::testing::ValuesIn(supported_instruction_sets()),
                         [](const auto& info) { return std::string(name_of(info.param)); });

struct Scene {
  std::vector<float> x, y, z, weight;
  std::vector<uint16_t> kind;

  Points points() const { return {x.data(), y.data(), z.data(), weight.data(), kind.data(), x.size()}; }
};

Scene scene(int count, int size) {
  Scene s;
  Random random(5);
  for (int n = 0; n < count; ++n) {
    s.x.push_back(float((size + 6) * random.uniform() - 3));  // some over the edge
    s.y.push_back(float((size + 6) * random.uniform() - 3));
    s.z.push_back(float(4 * random.normal()));
    s.weight.push_back(float(0.5 + random.uniform()));
    s.kind.push_back(uint16_t(random.below(2)));
  }
  return s;
}

PointKinds kinds(int terms, double largest_sigma) {
  PointKinds k;
  k.terms = terms;
  for (int i = 0; i < 2 * terms; ++i) {
    k.amplitude.push_back(float(0.3 + 0.2 * i));
    k.steepness.push_back(float(1 / (std::sqrt(2.0) * largest_sigma * (1 - 0.08 * i))));
  }
  return k;
}

std::vector<double> direct(const Scene& s, const PointKinds& k, int size, const Slab* slab) {
  std::vector<double> image(size * size);
  auto mean = [](double steepness, double u) { return 0.5 * (std::erf(steepness * (u + 0.5)) - std::erf(steepness * (u - 0.5))); };
  for (size_t n = 0; n < s.x.size(); ++n) {
    for (int t = 0; t < k.terms; ++t) {
      const double steep = k.steepness[s.kind[n] * k.terms + t];
      double factor = k.amplitude[s.kind[n] * k.terms + t] * s.weight[n];
      if (slab) factor *= 0.5 * (std::erf(steep * (slab->to - s.z[n])) - std::erf(steep * (slab->from - s.z[n])));
      for (int j = 0; j < size; ++j) {
        for (int i = 0; i < size; ++i) image[j * size + i] += factor * mean(steep, i - s.x[n]) * mean(steep, j - s.y[n]);
      }
    }
  }
  return image;
}

double relative_error(const std::vector<float>& a, const std::vector<double>& b) {
  double error = 0, norm = 0;
  for (size_t i = 0; i < b.size(); ++i) error += std::pow(a[i] - b[i], 2), norm += b[i] * b[i];
  return std::sqrt(error / norm);
}

TEST_P(PixelMeansOfEveryInstructionSet, AreTheDirectSumOverAllPixels) {
  const int size = 40;
  const Scene s = scene(60, size);
  for (const int terms : {1, 5}) {
    for (const double sigma : {0.05, 0.6, 1.6, 2.5, 3.5}) {
      const PointKinds k = kinds(terms, sigma);
      const Slab slab{-1.5f, 2.0f};
      for (const Slab* part : {static_cast<const Slab*>(nullptr), &slab}) {
        std::vector<float> image(size * size, 0.0f);
        add_pixel_means(s.points(), PointProfiles(k), image.data(), size, size, part, GetParam());
        EXPECT_LT(relative_error(image, direct(s, k, size, part)), 2e-5 * std::max(1.0, std::pow(0.4 / sigma, 2)))
            << terms << " terms, sigma " << sigma;
      }
    }
  }
}

TEST_P(PixelMeansOfEveryInstructionSet, OfSlabsAddUpToTheWhole) {
  const int size = 32;
  const Scene s = scene(30, size);
  const PointProfiles k(kinds(5, 1.2));
  std::vector<float> whole(size * size, 0.0f), sum = whole;
  add_pixel_means(s.points(), k, whole.data(), size, size, nullptr, GetParam());
  for (float z = -40; z < 40; z += 5) {
    const Slab slab{z, z + 5};
    add_pixel_means(s.points(), k, sum.data(), size, size, &slab, GetParam());
  }
  EXPECT_LT(relative_error(sum, std::vector<double>(whole.begin(), whole.end())), 2e-6);
}

TEST_P(PixelMeansOfEveryInstructionSet, AreTheSameFromEitherSideOfAPixel) {
  // -1e-9 is in the pixel before, but its distance from there rounds to one.
  Scene at, before;
  for (Scene* s : {&at, &before}) s->z = {0}, s->weight = {1}, s->kind = {0};
  at.x = at.y = {0};
  before.x = before.y = {-1e-9f};
  const PointProfiles k(kinds(1, 1.1));
  std::vector<float> a(32 * 32, 0.0f), b = a;
  add_pixel_means(at.points(), k, a.data(), 32, 32, nullptr, GetParam());
  add_pixel_means(before.points(), k, b.data(), 32, 32, nullptr, GetParam());
  EXPECT_LT(relative_error(a, std::vector<double>(b.begin(), b.end())), 1e-4);  // the windows differ by a pixel
}

TEST(PixelMeans, TakeTheWindowThatHoldsThem) {
  auto window = [](double sigma) { return PointProfiles(PointKinds{1, {1}, {float(1 / (std::sqrt(2.0) * sigma))}}).window; };
  EXPECT_EQ(window(0.1), 8);
  EXPECT_EQ(window(1.7), 16);
  EXPECT_EQ(window(2.5), 24);
  EXPECT_EQ(window(9.0), 32);
}

}  // namespace
}  // namespace cryomer
